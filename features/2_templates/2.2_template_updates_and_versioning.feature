@phase2 @p1 @test-2.2
Feature: 2.2 Template updates and versioning
  A change affects new sessions only: those that exist keep their image and resources, also while they are hibernated.

  Scenario: A template in use is changed
    Given a "test-template" template of image "streamspace/firefox:v1" with 500m CPU and 1Gi memory
    And a running session of "testuser" and a hibernated one of "testuser2" use the template
    When an administrator changes the template twice, the second time to image "streamspace/firefox:v2" with 1000m CPU and 2Gi memory
    Then the template has the new image and resources
    And the running session keeps its pod, image and resources, and the hibernated one wakes with its old image and resources
    And a new session of "testuser2" has the new image and resources
    And the template's history contains both versions
