@phase0 @p0 @test-0
Feature: 0 The environment is set up
  Everything else stands on it: the tools, what is built with them, what is deployed, and a way in.

  Scenario: The tools that StreamSpace is built and deployed with
    Given a StreamSpace that is built and deployed from images
    When the tools for that are called
    Then there is a Kubernetes client
    And Helm is a release that the plan allows
    And the Docker engine answers

  Scenario: The images that StreamSpace consists of
    Given a StreamSpace that is built and deployed from images
    When its checkout, where one is named, is built and deployed
    Then both of its images are built and loaded

  Scenario: StreamSpace is deployed
    Given the StreamSpace that is to be judged
    When its cluster is looked at
    Then the cluster answers
    And the namespace is there
    And the database, the cache, the API and the agent are each ready
    And the API says that it is well

  Scenario: The administrator gets in, and nobody else
    Given the StreamSpace that is to be judged
    When the administrator's credentials are looked for
    Then they are told where the plan looks for them
    And they open the API, and nothing else does

  Scenario: Somebody is there to start sessions
    Given the StreamSpace that is to be judged
    When its agents are asked after
    Then at least one agent is online
