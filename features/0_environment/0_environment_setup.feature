@phase0 @p0 @test-0
Feature: 0 Environment setup
  All other tests depend on it: the tools, the images, the deployment and the administrator's login.

  Scenario: The tools for building and deploying StreamSpace are installed
    Given a StreamSpace that is built and deployed from images
    When the versions of kubectl, Helm and Docker are read
    Then a kubectl client is installed
    And Helm is a 3.x release, never 4.0.x
    And the Docker engine answers

  Scenario: StreamSpace's images are built
    Given a StreamSpace that is built and deployed from images
    When the checkout, if one is set, is built and deployed
    Then both StreamSpace images are built and loaded

  Scenario: StreamSpace is deployed
    Given the StreamSpace under test
    When its cluster is examined
    Then the Kubernetes cluster answers
    And the namespace exists
    And the PostgreSQL, Redis, API and agent pods are each Ready, 1/1
    And the API's health answer says "ok"

  Scenario: The administrator logs in
    Given the StreamSpace under test
    When the administrator's credentials are looked up
    Then the administrator's name and password are found
    And a login returns a token that the API accepts

  Scenario: An agent is online
    Given the StreamSpace under test
    When its agents are listed
    Then at least one agent is online
