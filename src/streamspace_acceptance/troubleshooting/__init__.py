"""What the suite collects when something failed, and the likely cause. It decides no verdict."""
