@phase3 @p1 @test-3.2 @disruptive
Feature: 3.2 Command retry during agent downtime
  StreamSpace accepts a command while no agent is online, and carries it out once an agent reconnects.

  Scenario: Sessions are hibernated while no agent is online
    Given "testuser2" has a running "firefox-browser" session
    And "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory, beside one of "testuser2"
    When two sessions are hibernated, one woken, one requested and one deleted while no agent is online, and the agents return 30 s later
    Then the API answers that the hibernations and the waking are queued
    And the commands are carried out within 120 s of the reconnection
    And each command is carried out exactly once
    And each session's status changes only once its command is carried out
