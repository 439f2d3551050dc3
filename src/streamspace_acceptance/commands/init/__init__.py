"""`streamspace-acceptance init`: the plan's features, steps and settings, written into an empty folder."""
