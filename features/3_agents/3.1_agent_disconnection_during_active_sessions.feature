@phase3 @p1 @test-3.1 @disruptive
Feature: 3.1 Users stay at work while an agent is cut off
  The agent starts and stops sessions; those that run need it no more than a book needs its printer.

  Scenario: An agent's network fails while users work
    Given one agent is online
    And "testuser" and "testuser2" are at work in "firefox-browser" sessions
    When its network fails and comes back
    Then the sessions keep their pods while the agent is gone
    And the agent is called offline for as long as it is gone
    And the agent is online again in time, and stays so
    And every session still runs, and its desktop opens
