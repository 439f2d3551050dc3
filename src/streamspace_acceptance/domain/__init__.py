"""The subjects of the plan, one folder each: actions and their results. Nothing here decides a verdict."""
