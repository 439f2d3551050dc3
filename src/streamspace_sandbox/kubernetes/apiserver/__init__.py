"""The HTTP API server of the cluster."""

from streamspace_sandbox.kubernetes.apiserver.app import create_app

__all__ = ["create_app"]
