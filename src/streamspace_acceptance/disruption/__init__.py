"""What the suite breaks on purpose. Each disruption has an undo that runs whatever happens."""
