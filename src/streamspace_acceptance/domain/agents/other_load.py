"""The load of agents besides a test's own sessions, and the shares that a product gives new ones to even that out.

A product may even out the number of sessions, of pods, or what these request of their nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from statistics import fmean

from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.requests import COUNTED, requested
from streamspace_acceptance.domain.clients import Clients

Loads = Mapping[str, float]
"""By agent, in sessions of the test's own: a session of twice the CPU counts 2 by CPU."""


def read(clients: Clients, assignments: Mapping[str, str], ids: Collection[str]) -> dict[str, Loads]:
    """The loads by measure, without the sessions `ids`; none where nobody else has a session.

    `assignments` are the agents of sessions by the API. A pod's label counts for a session of which it names none.
    """
    label, agent_label = clients.profile.session_label, clients.profile.agents.session_label
    own, others = list[Json](), list[tuple[str, Json]]()
    for pod in clients.cluster.raw_pods():
        labels = pod["metadata"].get("labels") or {}
        session = labels.get(label)
        if session is None or not Pod.of(pod).stays:
            continue
        if session in ids:
            own.append(pod)
        elif agent := assignments.get(session) or labels.get(agent_label):
            others.append((agent, pod))
    sessions = _summed((agent, 1.0) for session, agent in assignments.items() if session not in ids)
    found = {"by number": sessions, "by pods": _summed((agent, 1.0) for agent, _ in others)}
    for resource in COUNTED:
        size = fmean(float(requested(pod)[resource]) for pod in own) if own else 0.0
        if size:
            found[f"by {resource}"] = _summed((agent, float(requested(pod)[resource]) / size) for agent, pod in others)
    return {measure: loads for measure, loads in found.items() if loads}


def evened(loads: Loads, agents: Collection[str], count: int) -> dict[str, float]:
    """`count` new sessions, each for the agent that has least."""
    given = dict.fromkeys(sorted(agents), 0.0)
    for _ in range(count):
        given[min(given, key=lambda agent: loads.get(agent, 0.0) + given[agent])] += 1
    return given


def _summed(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for agent, load in parts:
        found[agent] += load
    return dict(found)
