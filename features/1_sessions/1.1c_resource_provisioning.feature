@phase1 @p0 @test-1.1c
Feature: 1.1c A session has the resources that were asked for
  Nobody gets less than was promised, and nobody takes what was promised to others.

  Scenario Outline: A user asks for a session of <size> size
    Given the "firefox-browser" template is on offer
    When "testuser" asks for a "firefox-browser" session of <size> size
    Then its pod gets exactly what was asked for

    Examples:
      | size     |
      | minimum  |
      | standard |
      | maximum  |

  Scenario: A user asks for more than any machine has
    Given the "firefox-browser" template is on offer
    When "testuser" asks for "firefox-browser" sessions that no machine can hold, and beside them for one that fits
    Then what is too much is refused with the reason, and nothing comes of it

  Scenario: Programs in a session want more than it has
    Given "testuser" has a running "firefox-browser" session of minimum size
    When programs in it try to take more processor and memory than it has
    Then they get no more than the session has, and the session goes on
