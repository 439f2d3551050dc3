"""What a run leaves behind so that anyone can check its verdicts."""
