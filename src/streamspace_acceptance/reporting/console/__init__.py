"""What a run looks like while it runs, and what it says at its end."""
