@phase4 @p1 @test-4.1
Feature: 4.1 Session creation throughput
  Many users who start at the same time can all work soon.

  Scenario: Twenty users request sessions in one burst
    Given the "firefox-browser" template is available
    And 5 "firefox-browser" sessions with 500m CPU and 1Gi memory were started and removed as a warm-up
    When 20 users request a "firefox-browser" session with 500m CPU and 1Gi memory in one burst, at least 3 times
    Then at least 10 sessions a minute reach Running
    And all sessions of the bursts reach Running
    And no creation fails
