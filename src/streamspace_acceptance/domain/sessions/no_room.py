"""Sessions whose pods no node takes, full or closed, though they ask for no more than the sessions were to get."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.cluster.requests import COUNTED, requested
from streamspace_acceptance.domain.sessions.provision import Provision
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.http import NoAnswer

NO_ROOM = re.compile(r"Insufficient (?:cpu|memory|ephemeral-storage|pods)|Too many pods")
"""The scheduler's words for nodes that are full. For a volume that is not bound or a node selector it has others."""
CLOSED = re.compile(r"were unschedulable|untolerated taint|had taints? ")
"""Its words for nodes that are cordoned or tainted."""
_ELSEWHERE = re.compile(r"volume node affinity conflict|PersistentVolume's node affinity")
"""A volume lies on another node: that is the cluster's trouble as well, if that one is closed."""
_AFTERWORDS = re.compile(r"\. (?:preemption|no new claims)")
BESIDE = 1.25
"""A pod may ask for so many times its session's resources: a mesh's sidecar needs some."""


def find(sessions: Iterable[Session], subject: str) -> str | None:
    """That each pod of the session with that subject waits for room, in a sentence; None if that is not so."""
    for session in (session for session in sessions if session.subject == subject):
        pods = [pod for pod in session.listed_pods() if pod.stays]
        if pods and all(says_no_room(pod.unschedulable) and _asks_for_its_own(session, pod) for pod in pods):
            return f"{session.subject}: no node takes its pod: {pods[0].unschedulable}"
    return None


def says_no_room(words: str) -> bool:
    """Whether the scheduler's words say that nodes are full, or that each node on which the pod may run is closed.

    They have a reason for each node: `0/3 nodes are available: 1 node(s) were unschedulable, 2 …`. A pod that no open
    node suits, for its selector, does not wait for the closed ones alone.
    """
    reasons = _AFTERWORDS.split(words)[0].partition(": ")[2].split(", ")
    is_closed = any(map(CLOSED.search, reasons))
    return NO_ROOM.search(words) is not None or (
        is_closed and all(CLOSED.search(reason) or _ELSEWHERE.search(reason) for reason in reasons)
    )


def _asks_for_its_own(session: Session, pod: Pod) -> bool:
    """Whether the pod requests what the API says of its session, or a little more; no where the API says nothing."""
    asked = requested(pod.object)
    with suppress(Unmet, NoAnswer, ValueError):
        said = Provision.of(session.api.session(session.id))
        given = {"cpu": said.cpu, "memory": said.memory}
        return all(float(asked[name]) <= BESIDE * float(amount(str(given[name]))) for name in COUNTED)
    return False
