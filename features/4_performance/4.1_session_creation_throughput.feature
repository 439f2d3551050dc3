@phase4 @p1 @test-4.1
Feature: 4.1 Sessions are created fast enough
  When many users begin at once, each of them can work soon.

  Scenario: Twenty users request sessions in one burst
    Given the "firefox-browser" template is available
    And 5 "firefox-browser" sessions of minimum size were started and removed as a warm-up
    When 20 users request a "firefox-browser" session of minimum size in one burst
    Then at least 10 sessions a minute reach Running
    And all sessions of the burst reach Running
    And no creation fails
