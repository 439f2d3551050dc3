@phase1 @p0 @test-1.2
Feature: 1.2 Session state persistence
  The home belongs to the user, not to the pod that happens to serve it.

  @disruptive
  Scenario: The pod behind a session is lost
    Given a running session
    When the session's pod is deleted
    Then another pod serves the session within the restart budget
    And the file still says "test data"
    And its home is on the session's own volume
