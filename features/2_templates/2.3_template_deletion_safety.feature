@phase2 @p1 @test-2.3
Feature: 2.3 A template cannot be deleted while sessions use it
  No user loses a session to a deletion, and a deleted template leaves nothing behind.

  Scenario Outline: A template in use by <sessions> is deleted
    Given a "delete-test" template with <sessions> of "testuser"
    And "testuser2" has a running "firefox-browser" session
    When an administrator deletes the template
    Then the deletion is refused, and template and sessions stay
    And the refusal says how many sessions use the template

    Examples:
      | sessions           |
      | a running session  |
      | 2 running sessions |
      | a hibernated session |

  Scenario: A template that is no longer in use is deleted
    Given a "delete-test" template with a running session of "testuser"
    And the session has ended
    And "testuser2" has a running "firefox-browser" session
    When an administrator deletes the template
    Then the template is deleted
    And nothing is left of the template
