"""Several users at once: what each has for themselves, and whether they notice anything of each other."""
