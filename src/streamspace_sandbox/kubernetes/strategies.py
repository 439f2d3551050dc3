"""What the API does to an object of each kind before it is stored: defaults, checks, and fields that may not change."""

from streamspace_sandbox.kubernetes.resources import NODES, PODS, Obj, Resource


def initial_status(resource: Resource, new: Obj) -> None:
    """A new object has no status of its client's making; a node is the exception, its kubelet knows it."""
    if resource.has_status and resource != NODES:
        new["status"] = {"phase": "Pending"} if resource == PODS else {}
