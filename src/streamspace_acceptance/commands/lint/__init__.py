"""The house's rules for features and steps, as a check."""
