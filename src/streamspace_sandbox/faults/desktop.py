"""Faults of the plan's session tests."""
