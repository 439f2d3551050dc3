@phase1 @p0 @test-1.1e
Feature: 1.1e Mouse and keyboard input reaches the session
  Clicks land where they are aimed, keys arrive unchanged, and the desktop responds at once.

  Scenario: A user points at things
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user clicks on marks in the corners and in the middle of a window, and turns the wheel both ways
    Then every click lands on its mark
    And the window is scrolled both ways

  Scenario: A user types
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user types 'echo "Hello StreamSpace"' into a window, and then every character of a keyboard
    Then the text is received and shown as it was typed

  Scenario: A user presses special keys
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user presses Ctrl, Alt, Tab, arrow keys and others in a window
    Then each key arrives unchanged

  Scenario: A user waits for a response
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user toggles an indicator by key and by mouse, repeatedly
    Then the indicator changes within the input-lag limit
