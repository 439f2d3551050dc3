@phase3 @p1 @test-3.4 @disruptive
Feature: 3.4 Multi-agent load balancing
  More agents carry more sessions: no agent gets all of them, and none is idle.

  Scenario: The agents are scaled up
    Given 1 agent is online
    When the agents are scaled to 3
    Then all 3 agents connect within 180 s

  Scenario: Fifteen users request sessions at the same time
    Given 3 agents are online
    When 15 users request a "firefox-browser" session with 500m CPU and 1Gi memory at the same time
    Then all 15 sessions reach Running
    And the sessions are spread over more than one agent
    And each agent serves the same number of sessions, ±2
