"""Disruptions: each has a revert that runs whatever happens."""
