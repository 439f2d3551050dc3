@phase4 @p1 @test-4.4
Feature: 4.4 Concurrent session capacity
  An operator knows how many users can work at the same time, and which resource limits them.

  Scenario: Sessions are added until one of them fails
    Given the "firefox-browser" template is available
    When users add "firefox-browser" sessions step by step, from 10 to 80
    Then the largest number of sessions is determined without a crash
    And the bottleneck is documented
    And all sessions within capacity run
