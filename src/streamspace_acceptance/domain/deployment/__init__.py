"""The environment that the plan sets up first: its tools, its images, what is deployed, and the way in."""
