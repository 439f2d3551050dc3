"""A loss that is not a defect: a session that is hibernated by an idle limit, which the session announces.

`cluster/taken_pods.py` knows those that the cluster brings about.
"""

from __future__ import annotations

import re

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


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
