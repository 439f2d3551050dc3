"""The kinds of evidence of a failure, in the order of the plan's troubleshooting section.

A new kind is a `Collector`, and a line in COLLECTORS; a long one has a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import yaml

from streamspace_acceptance.evidence.attachments import attach_yaml
from streamspace_acceptance.redaction.kubernetes_objects import presentable
from streamspace_acceptance.troubleshooting import describe, desktop_media, events, exchanges, nodes
from streamspace_acceptance.troubleshooting.collector import Collector, attach
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, known

Json = dict[str, Any]


def health(snapshot: ClusterSnapshot) -> None:
    """Whether the API answers its health call."""
    attach("health of the API.txt", snapshot.health or "the API answers its health call without an error")


def pods(snapshot: ClusterSnapshot) -> None:
    """`kubectl get pods`, and `kubectl describe` of each."""
    recent = known(snapshot.events) or []
    attach("pods.txt", snapshot.pods, lambda objects: describe.pods(map(presentable, objects), recent))


def api_logs(snapshot: ClusterSnapshot) -> None:
    """Attaches the API's logs."""
    _logs(snapshot, snapshot.clients.profile.agents.api_labels)


def sessions(snapshot: ClusterSnapshot) -> None:
    """`kubectl describe` of each session."""
    recent = known(snapshot.events) or []
    attach("sessions.txt", snapshot.sessions, lambda objects: describe.sessions(map(presentable, objects), recent))


def all_events(snapshot: ClusterSnapshot) -> None:
    """The events of the namespace, oldest first."""
    attach("events.txt", snapshot.events, events.as_text)


def agents(snapshot: ClusterSnapshot) -> None:
    """The agents in the API's list, one a line."""
    attach("agents.txt", snapshot.agents, lambda listed: listed.describe().replace(", ", "\n"))


def agent_logs(snapshot: ClusterSnapshot) -> None:
    """Attaches the agents' logs."""
    _logs(snapshot, snapshot.clients.profile.agents.labels)


def yaml_of(name: str, snapshot: ClusterSnapshot) -> None:
    """The objects of a kind: "sessions" or "pods"."""

    # Lines are never broken: the redactor would not recognise a secret that is broken over two.
    def dump(objects: list[Json]) -> str:
        return yaml.safe_dump_all(map(presentable, objects), sort_keys=False, allow_unicode=True, width=1_000_000)

    attach(f"{name}.yaml", getattr(snapshot, name), dump, attach_yaml)


def _logs(snapshot: ClusterSnapshot, labels: Mapping[str, str]) -> None:
    for pod, text in snapshot.logs(labels).items():
        attach(f"log of {pod}.txt", text)


COLLECTORS: tuple[Collector, ...] = (
    health,
    pods,
    api_logs,
    sessions,
    all_events,
    agents,
    agent_logs,
    nodes.collect,
    exchanges.collect,
    desktop_media.collect,
    partial(yaml_of, "sessions"),
    partial(yaml_of, "pods"),
)
