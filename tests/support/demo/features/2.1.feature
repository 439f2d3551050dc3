@phase2 @p1 @test-2.1
Feature: 2.1 Template creation and validation
  An invalid template is rejected when it is created.

  Scenario: A good template
    Given a template
    When it is sent
    Then the template is created

  Scenario: The list
    Given a template
    When it is sent
    Then the template is listed
