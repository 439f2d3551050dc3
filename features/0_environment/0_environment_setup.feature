@phase0 @p0 @test-0
Feature: 0 The environment is set up
  All other tests depend on it: the tools, the images, the deployment and the administrator's login.

  Scenario: The tools that StreamSpace is built and deployed with
    Given a StreamSpace that is built and deployed from images
    When the tools are called
    Then a Kubernetes client is installed
    And Helm is a release that the plan allows
    And the Docker engine answers

  Scenario: The images that StreamSpace consists of
    Given a StreamSpace that is built and deployed from images
    When its checkout, if one is set, is built and deployed
    Then both of its images are built and loaded

  Scenario: StreamSpace is deployed
    Given the StreamSpace under test
    When its cluster is examined
    Then the cluster answers
    And the namespace exists
    And the database, the cache, the API and the agent are each ready
    And the API reports that it is healthy

  Scenario: Only the administrator can log in
    Given the StreamSpace under test
    When the administrator's credentials are searched for
    Then the credentials are where the plan says
    And the API accepts them and rejects wrong ones

  Scenario: An agent is available
    Given the StreamSpace under test
    When its agents are listed
    Then at least one agent is online
