@phase1 @p0 @test-1.2
Feature: 1.2 Session state persistence
  The home belongs to the user, not to the pod that serves it.

  Scenario: A user saves a file
    Given "testuser" has a running "firefox-browser" session
    When the user saves "test data" as the file "test.txt" in its home
    Then the file "test.txt" in its home says "test data"

  Scenario: The pod behind a session is lost
    Given "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory, beside another of the same user
    And the file "test.txt" in its home says "test data"
    When the session's pod is deleted, and then the one that replaced it
    Then another pod serves the session within 120 s
    And the file "test.txt" in its home still says "test data"
    And its home is on the session's own volume
