@phase2 @p1 @test-2.2
Feature: 2.2 A template can be changed while sessions use it
  A change affects new sessions only: running sessions keep their image and resources.

  Scenario: A template in use is changed
    Given a "test-template" template with a running session of "testuser"
    When an administrator changes the template's image and resources
    Then the template matches the change
    And a new session of "testuser2" has the changed image and resources
    And the running session keeps its pod, its image and its resources
    And the template's history holds both versions
