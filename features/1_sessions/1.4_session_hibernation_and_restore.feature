@phase1 @p0 @test-1.4
Feature: 1.4 Session hibernation and restore
  A hibernated session uses no pod, and wakes with its data.

  Scenario: A session is hibernated
    Given "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory, beside another of the same user
    When the session is hibernated
    Then the session has 0 pods within 120 s
    And the session's status becomes Hibernated

  Scenario: A hibernated session is woken
    Given "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory, beside one of "testuser2"
    And the file "test.txt" in its home says "test data"
    And the session is hibernated
    When the session is woken, and woken again after a longer hibernation
    Then a new pod serves the session within 120 s
    And the session's status returns to Running
    And the file "test.txt" in its home still says "test data"
