@phase1 @p0 @test-1.1a
Feature: 1.1a Basic session creation
  A request is enough: StreamSpace names the session and starts it.

  Scenario: A user requests a session
    Given the "firefox-browser" template is available
    When "testuser" requests a "firefox-browser" session with 1000m CPU and 2Gi memory
    Then the API answers "201 Created"
    And the answer contains the session's id, its name and the status "pending"
    And the session is listed in Kubernetes
    And a pod named after the session is created
