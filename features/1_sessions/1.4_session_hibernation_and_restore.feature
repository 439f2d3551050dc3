@phase1 @p0 @test-1.4
Feature: 1.4 A session sleeps and wakes
  A session that nobody uses costs nothing, and comes back as it was left.

  Scenario: A session is put to sleep
    Given "testuser" has a running "firefox-browser" session
    When the session is hibernated
    Then no pod of the session is left within the hibernation budget
    And the session's status becomes Hibernated

  Scenario: A sleeping session is woken
    Given "testuser" has a running "firefox-browser" session
    And the file "test.txt" in its home says "test data"
    And the session is hibernated
    When the session is woken
    Then another pod serves the session within the restart budget
    And the session's status returns to Running
    And the file "test.txt" in its home still says "test data"
