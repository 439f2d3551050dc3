@phase1 @p0 @test-1.1d
Feature: 1.1d VNC browser access
  A user needs only a browser: no client to install, and the desktop responds to mouse and keyboard.

  Scenario: A user requests the address of a session
    Given "testuser" has a running "firefox-browser" session
    When the user requests the connection address
    Then the answer contains a VNC URL
    And the VNC URL answers "200 OK" with a page
    And the noVNC client loads in a browser

  Scenario: A user works in a session
    Given "testuser" has a running "firefox-browser" session
    And its VNC server is listening
    When the user opens the session in a browser
    Then the desktop is visible and responds
