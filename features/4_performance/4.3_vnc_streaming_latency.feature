@phase4 @p1 @test-4.3
Feature: 4.3 VNC streaming latency
  A desktop in the browser feels like a desktop on the table.

  Scenario: A desktop is looked at for a while
    Given "testuser" has a "firefox-browser" session of standard size open in a browser
    When its desktop stands still and moves in turn over the streaming time
    Then the WebSocket latency is below 50 ms (90th percentile)
    And the frame rate is at least 15 FPS (mean while it moves)

  Scenario: A user works with mouse and keyboard
    Given "testuser" has a "firefox-browser" session of standard size open in a browser
    When the user toggles an indicator by key and by mouse, repeatedly
    Then the mouse input lag is below 100 ms (90th percentile)
    And the keyboard input lag is below 50 ms (90th percentile)
