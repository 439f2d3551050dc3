"""What the agent and the deployment need of Kubernetes: a small asynchronous client and a cache kept by a watch."""
