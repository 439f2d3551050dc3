@phase3 @p1 @test-3.2 @disruptive
Feature: 3.2 An order that is given while no agent is there is not lost
  StreamSpace takes it, says that it waits, and sees to it as soon as somebody can.

  Scenario: A session is put to sleep while no agent is there
    Given "testuser" has a running "firefox-browser" session
    And no agent is online
    When it is put to sleep, and the agents come back
    Then the order is accepted and said to wait
    And it is carried out once the agents are back
    And it is carried out no more than once
    And the session's status is true before and after
