"""The reports that people read after a run."""
