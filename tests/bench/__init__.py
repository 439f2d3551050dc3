"""Benchmarks of the suite's own measurements, against what is known: `make bench` (docs/measuring.md)."""
