"""The main container of a pod: a session's desktop, or the program of the API or an agent.

Other containers are its neighbours: what a mesh or a policy of the cluster injects, native sidecars (init containers
that are restarted always), and ephemeral containers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ANNOTATION = "kubectl.kubernetes.io/default-container"
KNOWN_NEIGHBOURS = (
    "aws-node",
    "cloudsql-proxy",
    "cloud-sql-proxy",
    "config-reloader",
    "consul-connect",
    "consul-dataplane",
    "dapr",
    "datadog",
    "envoy",
    "filebeat",
    "fluent",
    "fluentd",
    "istio",
    "jaeger-agent",
    "kuma-",
    "linkerd",
    "linkerd-proxy",
    "oauth2-proxy",
    "opentelemetry",
    "otc-container",
    "otel",
    "promtail",
    "vault-agent",
    "vector",
)
"""How the names of containers begin that are injected beside others."""


@dataclass(frozen=True)
class Role:
    """The container that is meant, as far as known: its name by the contract profile, and the port it listens on."""

    name: str = ""
    port: int | None = None


@dataclass(frozen=True)
class Roles:
    """The role of each kind of pod: of those that carry the label of sessions, and by the value of `label`."""

    session_label: str = ""
    session: Role = field(default_factory=Role)
    by_app: Mapping[str, Role] = field(default_factory=dict)
    label: str = "app"

    def of(self, pod: Json) -> Role:
        """The role that a pod's main container plays, by the pod's labels."""
        labels = pod["metadata"].get("labels") or {}
        if self.session_label in labels:
            return self.session
        return self.by_app.get(labels.get(self.label, ""), Role())


@dataclass(frozen=True)
class MainContainer:
    """The container that is meant, its specification, and how it was found. `neighbours` are the other names.

    `is_certain` is false where only the order of the containers speaks for it.
    """

    name: str
    reason: str
    spec: Json
    neighbours: tuple[str, ...] = ()
    is_certain: bool = True

    def describe(self, pod: str) -> str:
        """For the evidence."""
        beside = f"; beside it {', '.join(self.neighbours)}" if self.neighbours else ""
        return f"pod {pod}: container {self.name}, {self.reason}{beside}"


def main_container(pod: Json, role: Role) -> MainContainer:
    """By the annotation, else the contract's name, else the port, else the first that is not a known neighbour."""
    containers = list(pod["spec"]["containers"])
    chosen, reason, certain = _choose(pod, containers, role)
    neighbours = tuple(name for name in names(pod) if name != chosen["name"])
    return MainContainer(str(chosen["name"]), reason, chosen, neighbours, certain)


def _choose(pod: Json, containers: list[Json], role: Role) -> tuple[Json, str, bool]:
    if len(containers) == 1:
        return containers[0], "the only one", True
    annotated = (pod["metadata"].get("annotations") or {}).get(ANNOTATION)
    rules = (
        (
            f"named by the annotation {ANNOTATION}",
            [container for container in containers if container["name"] == annotated],
        ),
        ("named by the contract profile", [container for container in containers if container["name"] == role.name]),
        (f"declares port {role.port}", [container for container in containers if role.port in ports(container)]),
    )
    for reason, matching in rules:
        if len(matching) == 1:
            return matching[0], reason, True
    own = [container for container in containers if not is_known_neighbour(container["name"])] or containers
    reason = (
        "the only one that is not a known neighbour" if len(own) == 1 else "the first that is not a known neighbour"
    )
    return own[0], reason, len(own) == 1


def ports(container: Json) -> set[int]:
    """The ports that a container declares, or on which its readiness is probed."""
    declared = {int(port["containerPort"]) for port in container.get("ports") or ()}
    probe = container.get("readinessProbe") or {}
    probed = [(probe.get(action) or {}).get("port") for action in ("tcpSocket", "httpGet")]
    return declared | {port for port in probed if isinstance(port, int)}


def resources(container: Json, spec: Json, kind: str) -> dict[str, str]:
    """The requests or limits (`kind`) of a container, or else those that `spec` of its pod states for all of it."""
    whole, own = ((place.get("resources") or {}).get(kind) or {} for place in (spec, container))
    return {**whole, **own}


def is_known_neighbour(name: str) -> bool:
    """Whether a container's name is one that a mesh or another injector gives."""
    return name.startswith(KNOWN_NEIGHBOURS)


def is_native_sidecar(init_container: Json) -> bool:
    """Whether an init container runs on beside the others."""
    return init_container.get("restartPolicy") == "Always"


def names(pod: Json) -> Iterator[str]:
    """The names of the containers that run beside one another: ordinary ones, native sidecars, ephemeral ones."""
    spec = pod["spec"]
    yield from (str(container["name"]) for container in spec["containers"])
    yield from (
        str(container["name"]) for container in spec.get("initContainers") or () if is_native_sidecar(container)
    )
    yield from (str(container["name"]) for container in spec.get("ephemeralContainers") or ())


def status_of(pod: Json, container: str) -> Json:
    """The status of a container of the pod; empty while it has none."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    found: Json = next((status for status in statuses if status.get("name") == container), {})
    return found
