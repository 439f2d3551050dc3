@phase3 @p1 @test-3.3
Feature: 3.3 StreamSpace knows whether its agents are well
  An agent that cannot be reached is called offline soon, but not too soon, and comes back without anyone's help.

  Scenario: An agent is at work
    Given one agent is online
    When its heartbeats are watched
    Then its heartbeats come at the plan's pace

  @disruptive
  Scenario: An agent's network fails and comes back
    Given one agent is online
    When its network fails and comes back
    Then it was called offline after two missed heartbeats
    And it reconnects by itself when its network is back
    And the API's log tells of both changes
