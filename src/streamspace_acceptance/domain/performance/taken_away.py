"""Losses that are not a defect: a pod that its ReplicaSet scaled down, and an idle limit that the session announces.

`cluster/taken_pods.py` knows those that the cluster brings about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json

SCALED_DOWN = "SuccessfulDelete"
"""The reason of the event with which a controller tells that it has deleted one of its pods, for it is to have fewer.
A pod that was evicted, preempted or deleted by somebody else brings no such event."""
_CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def scaled_down(events: Sequence[Json], pod: str) -> bool:
    """Whether the pod's own controller says that it has deleted it."""
    return any(
        event.get("reason") == SCALED_DOWN
        and (event.get("involvedObject") or {}).get("kind") in _CONTROLLERS
        and pod in str(event.get("message")).split()
        for event in events
    )


def idle_limit(cluster: Cluster, session: str) -> float | None:
    """The seconds after which the product hibernates an idle session, by the session's object; None where it has none,
    or where Kubernetes does not show it.
    """
    try:
        found = cluster.raw_session(session)
    except ClusterError:
        return None
    return seconds((found.get("spec") or {}).get("idleTimeout")) if found else None


def seconds(text: object) -> float | None:
    """`30m`, `1h30m`, `90s` as seconds; None for anything else."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return 3600.0 * hours + 60.0 * minutes + rest
