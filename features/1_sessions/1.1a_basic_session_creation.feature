@phase1 @p0 @test-1.1a
Feature: 1.1a A user can create a session
  A request is enough: StreamSpace names the session and starts it.

  Scenario: A user requests a session
    Given the "firefox-browser" template is available
    When "testuser" requests a "firefox-browser" session of standard size
    Then the API answers "201 Created"
    And the answer holds the session's id, its name and the status "pending"
    And the session is listed in Kubernetes
    And a pod named after the session is created
