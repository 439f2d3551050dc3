"""The evidence of a run, from which anyone can check its verdicts."""
