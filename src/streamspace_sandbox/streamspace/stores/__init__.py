"""Launchers of the two stores: each prepares its data and starts the real server."""
