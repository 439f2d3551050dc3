@beyond-the-plan
Feature: Rights to a session
  A session belongs to its user: nobody else sees it, opens it or ends it.

  Scenario: Visitors have no valid token
    Given "testuser" has a running "firefox-browser" session
    When visitors without a token, with wrong ones and with an expired one try to see, open and end it
    Then no visitor sees the session
    And no visitor opens its desktop
    And no visitor hibernates or ends it
    And an expired token does nothing

  Scenario: Another user has a valid token
    Given "testuser" has a running "firefox-browser" session
    And another, ordinary user has a running "firefox-browser" session
    When the other user tries to see, open and end it
    Then the other user does not see the session
    And the other user does not open its desktop
    And the other user does not hibernate or end it
