@phase2 @p1 @test-2.1
Feature: 2.1 An administrator can create a template, and a malformed one is refused
  An invalid template is rejected when it is created, not when a user requests a session of it.

  Scenario: An administrator creates a template
    Given an administrator has described a "custom-firefox" template
    When the administrator creates the template
    Then the template matches its description
    And the template is available

  Scenario: An administrator makes mistakes
    Given an administrator has described a "custom-firefox" template
    When the administrator creates it, and also once with each of these mistakes:
      | mistake                                   |
      | neither image nor resources               |
      | an invalid image reference       |
      | no name                                   |
      | no image                                  |
      | no resources                              |
      | no cpu                                    |
      | no memory                                 |
      | an empty name                             |
      | a name with a space                       |
      | a name in upper case                      |
      | a name that begins with a dash            |
      | a name that is too long                   |
      | a name that is a number                   |
      | the name of a template that exists        |
      | an empty image                            |
      | an image with a space                     |
      | an image in upper case                    |
      | an image that is a number                 |
      | an image with nothing after the colon     |
      | resources that are a text                 |
      | an invalid cpu quantity                 |
      | a cpu below zero                          |
      | a cpu that is a number                    |
      | an invalid memory quantity              |
      | a memory below zero                       |
      | no memory at all                          |
      | a VNC port that does not exist            |
      | a VNC port below zero                     |
      | a VNC port that is a text                 |
      | VNC settings that are a list              |
      | a display name that is a number           |
      | a category that is a list                 |
      | a field that no template has              |
      | a resource that no template has           |
    Then each refusal names the field with the mistake
    And no template with a mistake is accepted or listed
