"""Helpers of several planted faults."""
