"""The environment that the plan sets up first: its tools, images, deployed components, and the login."""
