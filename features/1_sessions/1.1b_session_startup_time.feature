@phase1 @p0 @test-1.1b
Feature: 1.1b A session starts quickly
  A user who requests a session can work within a minute.

  Scenario: Five sessions are started
    Given the "firefox-browser" template is available
    When "testuser" starts 5 "firefox-browser" sessions of standard size, one after the other
    Then every session reaches Running
    And their mean startup time is within the startup budget
    And every pod is Ready, 1/1
    And every VNC server is listening
