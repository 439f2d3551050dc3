@phase3 @p1 @test-3.3
Feature: 3.3 StreamSpace knows whether its agents are healthy
  An unreachable agent is marked offline after two missed heartbeats, and reconnects by itself.

  Scenario: An agent sends heartbeats
    Given one agent is online
    When its heartbeats are watched
    Then its heartbeats follow the plan's interval

  @disruptive
  Scenario: An agent's network is cut and restored
    Given one agent is online
    When its network is cut and restored
    Then the agent is reported offline after two missed heartbeats
    And the agent reconnects by itself when its network is restored
    And the API's log records both changes
