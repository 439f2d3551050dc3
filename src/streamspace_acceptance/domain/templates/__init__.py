"""Templates: described, created, tried with mistakes, changed and deleted."""
