"""The console output of a run: its progress and its final summary."""
