"""The nodes: pods become podman containers on this machine."""
