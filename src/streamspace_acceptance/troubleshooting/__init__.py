"""The evidence that the suite collects after a failure, and the likely cause. It decides no verdict."""
