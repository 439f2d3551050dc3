"""A session seen from both sides, the API and Kubernetes, and what a user does with it."""
