@phase2 @p1 @test-2.3
Feature: 2.3 Template deletion safety
  No user loses a session to a deletion, and a deleted template leaves nothing behind.

  Scenario Outline: An administrator tries to delete a template in use by <sessions>
    Given "testuser2" has a running "firefox-browser" session
    And a "delete-test" template with <sessions> of "testuser"
    When an administrator deletes the template
    Then the deletion is rejected and changes nothing
    And the error says how many sessions use the template

    Examples:
      | sessions             |
      | 1 running session    |
      | 2 running sessions   |
      | 1 starting session   |
      | 1 hibernated session |

  Scenario: An administrator deletes a template that is no longer in use
    Given a "delete-test" template whose only session, of "testuser", has ended
    And "testuser2" has a running "firefox-browser" session
    When an administrator deletes the template
    Then the template is deleted
    And nothing is left of the template
