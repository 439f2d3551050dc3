"""Kubernetes for the agent and the deployment: a small asynchronous client and a cache that a watch updates."""
