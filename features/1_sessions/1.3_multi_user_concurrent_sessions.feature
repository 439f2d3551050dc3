@phase1 @p0 @test-1.3
Feature: 1.3 Multi-user concurrent sessions
  Each user has a session of their own and does not notice the others.

  Scenario: Five users request sessions at the same time
    Given the "firefox-browser" template is available
    When 5 users request a "firefox-browser" session with 500m CPU and 1Gi memory at the same time
    Then each user has a running session
    And each session has a pod of its own
    And each session has exactly the requested resources and a volume of its own

  Scenario: Five users work at the same time
    Given 5 users have running "firefox-browser" sessions with 500m CPU and 1Gi memory
    When all of them work at the same time, each in a browser, until one ends their own session
    Then every desktop is visible and accepts input
    And no user finds anything of another user, or notices that one has left
