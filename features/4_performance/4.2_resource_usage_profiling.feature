@phase4 @p1 @test-4.2
Feature: 4.2 Resource usage profiling
  StreamSpace leaves the cluster's resources to its users' sessions.

  Scenario: Ten desktops are in use
    Given the "firefox-browser" template is available
    When 10 users work in a "firefox-browser" session each
    Then the API pod uses less than 500m CPU at 10 sessions (mean over the window)
    And the API pod uses less than 1024 MiB of memory at 10 sessions (peak)
    And the agent pod uses less than 200m CPU at 10 sessions (mean over the window)
    And the agent pod uses less than 512 MiB of memory at 10 sessions (peak)

  Scenario: Fifty desktops are in use
    Given the "firefox-browser" template is available
    When 50 users work in a "firefox-browser" session each
    Then no node's capacity is exceeded at 50 sessions
