"""`streamspace-acceptance profile`: contract profiles, and whether one fits a StreamSpace that runs."""
