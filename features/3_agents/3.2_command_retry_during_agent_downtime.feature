@phase3 @p1 @test-3.2 @disruptive
Feature: 3.2 A command that is given while no agent is online is not lost
  StreamSpace accepts the command, reports it as queued, and carries it out once an agent reconnects.

  Scenario: A session is hibernated while no agent is online
    Given "testuser" has a running "firefox-browser" session
    And no agent is online
    When the session is hibernated, and the agents reconnect
    Then the command is accepted and queued
    And the command is carried out once the agents reconnect
    And the command is carried out only once
    And the session's status matches the cluster before and after
