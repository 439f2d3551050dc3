@phase3 @p1 @test-3.1 @disruptive
Feature: 3.1 Agent disconnection during active sessions
  The agent starts and stops sessions. Running sessions do not depend on it.

  Scenario: An agent's network is cut while users work
    Given 1 agent is online
    And "testuser" and "testuser2" work in "firefox-browser" sessions
    When the agent's network is cut until the agent is offline, and then restored
    Then the sessions keep their pods while the agent is offline
    And the agent is reported offline for as long as it is cut off
    And the agent reconnects within 30 s and stays online
    And every session is still Running, and its desktop opens
