@phase3 @p1 @test-3.2 @disruptive
Feature: 3.2 Command retry during agent downtime
  StreamSpace accepts a command while no agent is online, and carries it out once an agent reconnects.

  Scenario: Sessions are hibernated while no agent is online
    Given "testuser2" has a running "firefox-browser" session
    And "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory, beside one of "testuser2"
    When two sessions are hibernated, one is woken, one requested and one deleted while the agents are scaled to 0, for 30 s more
    Then the API answers that the command is queued
    And the command is carried out within 120 s of the reconnection
    And the command is carried out exactly once
    And the session's status is Running before the command, and Hibernated only after it is carried out
