@phase1 @p0 @test-1.3
Feature: 1.3 Several users work at the same time
  Each user has a session of their own and does not notice the others.

  Scenario: Five users request sessions at the same time
    Given the "firefox-browser" template is available
    When 5 users request a "firefox-browser" session of minimum size at the same time
    Then every user has a running session
    And each session has a pod of its own
    And each session has the requested resources, and none are shared

  Scenario: Five users work at the same time
    Given 5 users have running "firefox-browser" sessions of minimum size
    When all of them work at the same time, each in a browser, until one ends the session
    Then every desktop renders and accepts input, also for a second viewer and after reconnecting
    And no user sees another's files or windows, or is affected when one ends the session
