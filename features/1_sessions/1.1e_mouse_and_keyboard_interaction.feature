@phase1 @p0 @test-1.1e
Feature: 1.1e Mouse and keyboard interaction
  Clicks land where they are aimed, keys arrive unchanged, and the desktop responds at once.

  Scenario: A user clicks
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user clicks on 5 marks, in the corners and in the middle of a window
    Then every click lands on its mark

  Scenario: A user turns the mouse wheel
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user turns the mouse wheel 3 notches up and 3 notches down over a window
    Then the window is scrolled up, then down by as much

  Scenario: A user types a command in a terminal
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user types 'echo "Hello StreamSpace"' and Enter in a terminal, and then every character of a keyboard
    Then the terminal shows "Hello StreamSpace", and every character as typed

  Scenario: A user presses special keys
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user presses Ctrl+C, Alt+X, Tab, the arrow keys and 17 others in a window
    Then each key arrives unchanged

  Scenario: A user waits for the desktop to respond
    Given "testuser" has a "firefox-browser" session open in a browser
    When the user toggles an indicator 30 times by key and 30 times by mouse
    Then the indicator changes within 100 ms (90th percentile)
