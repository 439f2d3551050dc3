"""behave's runner, the signals it obeys, and the exit status."""
