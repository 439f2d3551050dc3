"""StreamSpace's API as a client sees it: HTTP, the VNC WebSocket, and the profile that names both."""
