"""Bridges, ports, processes and mounts of this machine. It must not know Kubernetes or the product."""
