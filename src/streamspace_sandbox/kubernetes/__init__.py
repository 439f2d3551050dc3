"""A small Kubernetes: API server, controllers, and a node that runs pods as containers."""
