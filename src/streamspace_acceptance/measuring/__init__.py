"""Measurements: durations, rates and resource use, with their statistics."""
