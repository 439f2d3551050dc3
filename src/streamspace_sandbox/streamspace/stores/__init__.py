"""Launchers of the two stores. Each prepares its data directory and then becomes the real server."""
