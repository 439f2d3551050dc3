@phase1 @p0 @test-1.1c
Feature: 1.1c A session has the requested resources
  No session gets less than was requested, and none takes the resources of others.

  Scenario Outline: A user requests a session of <size> size
    Given the "firefox-browser" template is available
    When "testuser" requests a "firefox-browser" session of <size> size
    Then its pod gets exactly the requested resources

    Examples:
      | size     |
      | minimum  |
      | standard |
      | maximum  |

  Scenario: A user requests more than any node has
    Given the "firefox-browser" template is available
    When "testuser" requests "firefox-browser" sessions larger than any node, and one that fits
    Then each oversized request is refused with a reason and creates nothing

  Scenario: Programs in a session try to exceed its limits
    Given "testuser" has a running "firefox-browser" session of minimum size
    When programs in it try to exceed its CPU and memory limits
    Then they are held to its limits, and the session keeps running
