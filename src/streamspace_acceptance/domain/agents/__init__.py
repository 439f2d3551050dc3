"""StreamSpace's agents: whether they are online, by the API over time and by their pods in Kubernetes."""
