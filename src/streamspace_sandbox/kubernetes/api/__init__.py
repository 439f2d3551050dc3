"""The HTTP API server of the cluster."""

from streamspace_sandbox.kubernetes.api.app import create_app

__all__ = ["create_app"]
