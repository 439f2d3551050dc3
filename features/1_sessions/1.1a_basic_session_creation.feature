@phase1 @p0 @test-1.1a
Feature: 1.1a A user can create a session
  Asking for a session is enough: StreamSpace says what it will be called, and brings it to life.

  Scenario: A user asks for a session
    Given the "firefox-browser" template is on offer
    When "testuser" asks for a "firefox-browser" session of standard size
    Then the API answers "201 Created"
    And the answer holds the session's id, its name and the status "pending"
    And the session is listed in Kubernetes
    And a pod named after the session is created
