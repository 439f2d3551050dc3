"""Several users at once: whether each has a session of their own, and whether they affect each other."""
