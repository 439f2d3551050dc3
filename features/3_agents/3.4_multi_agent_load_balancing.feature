@phase3 @p1 @test-3.4 @disruptive
Feature: 3.4 Several agents share the work
  More agents carry more sessions: no agent gets all of them, and none is idle.

  Scenario: The agents are scaled up
    Given one agent is online
    When the agents are scaled to 3
    Then all 3 agents connect

  Scenario: Fifteen users request sessions at the same time
    Given 3 agents are online
    When 15 users request a "firefox-browser" session of minimum size at the same time
    Then all of these sessions reach Running
    And the sessions are spread over the agents
    And each agent serves its share of them, give or take 2
