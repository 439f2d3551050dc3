@phase3 @p1 @test-3.3
Feature: 3.3 Agent heartbeat and health monitoring
  An unreachable agent is marked offline after two missed heartbeats, and reconnects by itself.

  Scenario: An agent sends heartbeats
    Given 1 agent is online
    When 4 of its heartbeats are recorded
    Then its heartbeats are 30 s apart

  @disruptive
  Scenario: An agent's network is cut and restored
    Given 1 agent is online
    When the agent's network is cut until the agent is offline, and then restored
    Then the agent is offline 60 s after its last heartbeat
    And the agent reconnects by itself within 30 s
    And the API's log records that the agent went offline and came online
