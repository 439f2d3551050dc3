"""The process of an instance that is its Kubernetes: API server, controllers and kubelet on one event loop."""
