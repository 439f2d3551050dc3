@phase4 @p1 @test-4.3
Feature: 4.3 VNC streaming latency
  A desktop in the browser responds like a local one.

  Scenario: A user watches a desktop
    Given "testuser" has a "firefox-browser" session with 1000m CPU and 2Gi memory open in a browser
    When its desktop stands still and moves in turn for 5 minutes
    Then the WebSocket latency is below 50 ms (90th percentile)
    And the frame rate is at least 15 FPS (mean while it moves)

  Scenario: A user works with mouse and keyboard
    Given "testuser" has a "firefox-browser" session with 1000m CPU and 2Gi memory open in a browser
    When the user toggles an indicator 30 times by key and 30 times by mouse
    Then the mouse input lag is below 100 ms (90th percentile)
    And the keyboard input lag is below 50 ms (90th percentile)
