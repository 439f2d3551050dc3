"""Acts of somebody in the small Kubernetes, when pods of sessions are created."""

import asyncio
from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.pod_volumes import SESSION_LABEL
from streamspace_sandbox.kubernetes.machinery.resources import PODS, Resource
from streamspace_sandbox.kubernetes.registry.store import Store

CREATE = "streamspace_sandbox.kubernetes.registry.store:Store.create"

Obj = dict[str, Any]
Act = Callable[[Store, Obj], None]


def is_session(obj: Obj) -> bool:
    """Whether an object has the label of a session."""
    return SESSION_LABEL in (obj["metadata"].get("labels") or {})


def with_session_pods(act: Act, seconds: float = 0.0, *, number: int | None = None) -> Patch:
    """So long after the creation of each session's pod, somebody does this; with a `number`, for that pod alone."""
    created: list[str] = []

    def create(original: Any, store: Store, resource: Resource, obj: Obj, **options: Any) -> Any:
        made = original(store, resource, obj, **options)
        if resource == PODS and is_session(made):
            created.append(made["metadata"]["uid"])
            if number in (None, len(created)):
                asyncio.get_running_loop().call_later(seconds, act, store, made)
        return made

    return wrap(CREATE, create)
