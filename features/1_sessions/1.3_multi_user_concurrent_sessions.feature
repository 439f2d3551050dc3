@phase1 @p0 @test-1.3
Feature: 1.3 Several users work at the same time
  Each has a session of their own and works as if nobody else were there.

  Scenario: Five users ask at the same time
    Given the "firefox-browser" template is on offer
    When 5 users ask for a "firefox-browser" session of minimum size at the same time
    Then each of the users has a session, and it runs
    And each session has a pod of its own
    And each session has what was asked for, and none is in another's way

  Scenario: Five users work at the same time
    Given 5 users have running "firefox-browser" sessions of minimum size
    When all of them work at the same time, each in a browser, until one ends the session
    Then every desktop shows and obeys, at a second viewer's and at a second visit too
    And nobody finds anything of another's, or notices that one has left
