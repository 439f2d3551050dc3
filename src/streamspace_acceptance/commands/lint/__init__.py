"""`streamspace-acceptance lint`: rules for features, steps, code and wording."""
