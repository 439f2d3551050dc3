"""What keeps a run from harming: the guard before anything is touched, and the sweep after a run that was killed."""
