@phase2 @p1 @test-2.1
Feature: 2.1 Template creation and validation
  An invalid template is rejected when it is created, not when a user requests a session of it.

  Scenario: An administrator creates a template
    Given an administrator has described this "custom-firefox" template:
      | field            | value                        |
      | displayName      | Custom Firefox               |
      | description      | Firefox with custom settings |
      | image            | streamspace/firefox:latest   |
      | category         | browsers                     |
      | resources.cpu    | 1000m                        |
      | resources.memory | 2Gi                          |
      | vnc.port         | 5900                         |
    When the administrator creates the template
    Then the template matches its description
    And the template is in the list of templates

  Scenario: An administrator makes mistakes
    Given an administrator has described a "custom-firefox" template
    When the administrator creates it with none and with each of these mistakes:
      | mistake                               | the error names         |
      | neither image nor resources           | image or resources      |
      | an invalid image reference            | image                   |
      | no name                               | name                    |
      | no image                              | image                   |
      | no resources                          | resources               |
      | no cpu                                | cpu                     |
      | no memory                             | memory                  |
      | an empty name                         | name                    |
      | a name with a space                   | name                    |
      | a name in upper case                  | name                    |
      | a name that begins with a dash        | name                    |
      | a name that ends with a dash          | name                    |
      | a name that is too long               | name                    |
      | a name that is a number               | name                    |
      | a name that ends with a line break    | name                    |
      | the name of a template that exists    | name, exists or already |
      | an empty image                        | image                   |
      | an image of null                      | image                   |
      | an image with a space                 | image                   |
      | an image in upper case                | image                   |
      | an image that is a number             | image                   |
      | an image with nothing after the colon | image                   |
      | an image with an invalid digest       | image                   |
      | an image with a doubled slash         | image                   |
      | an image that ends with a line break  | image                   |
      | an image that is a web address        | image                   |
      | resources that are a text             | resources               |
      | an invalid cpu quantity               | cpu                     |
      | an empty cpu                          | cpu                     |
      | a cpu below zero                      | cpu                     |
      | a cpu of zero                         | cpu                     |
      | a cpu that is a number                | cpu                     |
      | an invalid memory quantity            | memory                  |
      | an empty memory                       | memory                  |
      | a memory that ends with a space       | memory                  |
      | a memory below zero                   | memory                  |
      | a memory of zero                      | memory                  |
      | a VNC port that does not exist        | port                    |
      | a VNC port one beyond the last        | port                    |
      | a VNC port below zero                 | port                    |
      | a VNC port that is a text             | port                    |
      | VNC settings that are a list          | vnc                     |
      | a display name that is a number       | displayName             |
      | a description that is a list          | description             |
      | a category that is a list             | category                |
      | a field that no template has          | colour                  |
      | a resource that no template has       | wheels                  |
    Then each rejection names the field with the mistake
    And no template with a mistake is accepted
