@phase3 @p1 @test-3.1 @disruptive
Feature: 3.1 Users keep working while an agent is cut off
  The agent starts and stops sessions. Running sessions do not depend on it.

  Scenario: An agent's network is cut while users work
    Given one agent is online
    And "testuser" and "testuser2" work in "firefox-browser" sessions
    When its network is cut and restored
    Then the sessions keep their pods while the agent is offline
    And the agent is reported offline for as long as it is cut off
    And the agent reconnects in time and stays online
    And every session still runs, and its desktop opens
