@phase1 @p0 @test-1.1b
Feature: 1.1b A session starts quickly
  A user who asks for a session is at work within a minute.

  Scenario: Five sessions are started
    Given the "firefox-browser" template is on offer
    When "testuser" starts 5 "firefox-browser" sessions of standard size, one after the other
    Then each of them reaches Running
    And their mean startup time is within the startup budget
    And the pod of each is Ready, 1/1
    And the VNC server of each is listening
