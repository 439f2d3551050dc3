"""What the plan is about, one folder per subject: actions and their results. Nothing here decides a verdict."""
