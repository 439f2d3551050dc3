@phase1 @p0 @test-1.1c
Feature: 1.1c Resource provisioning
  No session gets less than was requested, and none takes the resources of others.

  Scenario Outline: A user requests the <size> resources
    Given the "firefox-browser" template is available
    When "testuser" requests a "firefox-browser" session with <cpu> CPU and <memory> memory
    Then its pod requests and is limited to exactly these resources

    Examples:
      | size     | cpu   | memory |
      | minimum  | 500m  | 1Gi    |
      | standard | 1000m | 2Gi    |
      | maximum  | 2000m | 4Gi    |

  Scenario: A user requests more than any node has
    Given the "firefox-browser" template is available
    When "testuser" requests "firefox-browser" sessions with these resources:
      | cpu    | memory | too large       |
      | 10000m | 100Gi  | cpu and memory  |
      | 10000m | 1Gi    | cpu             |
      | 500m   | 100Gi  | memory          |
      | 500m   | 1Gi    | no              |
    Then each oversized request is rejected with a clear error, before any pod exists

  Scenario: Programs in a session try to exceed its limits
    Given "testuser" has a running "firefox-browser" session with 500m CPU and 1Gi memory
    When programs in it use more CPU and memory than that
    Then Kubernetes enforces the limits
