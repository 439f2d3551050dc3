@phase1 @p0 @test-1.1b
Feature: 1.1b Session startup time
  A user who requests a session can work within a minute.
  The limit is 60 s on average; the plan aims at 30 to 45 s.

  Scenario: Five sessions are started one after the other
    Given the "firefox-browser" template is available
    When "testuser" starts 5 "firefox-browser" sessions with 1000m CPU and 2Gi memory, one after the other
    Then every session reaches Running
    And the mean startup time is below 60 s
    And every pod is Ready, 1/1
    And every VNC server is listening
