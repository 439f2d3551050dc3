"""`streamspace-acceptance doctor`: the checks of test 0 without a run, with the plan's advice for what fails."""
