"""How fakes of a cluster choose a pod's main container: as a `Cluster` with the plan's profile does."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.cluster.containers import MainContainer, main_container
from streamspace_acceptance.domain.clients import roles
from streamspace_acceptance.product.profile import load

ROLES = roles(load())


class WithMainContainers:
    """The part of a fake cluster that is about containers and the objects above pods."""

    deployments: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed

    def main_container(self, pod: dict[str, Any]) -> MainContainer:
        return main_container(pod, ROLES.of(pod))

    def deployment(self, name: str) -> Any:
        return self.deployments.get(name)


class CalmCluster(WithMainContainers):
    """A fake cluster that takes no pod away, unless `kubernetes_events` tell of it."""

    namespace = "streamspace"
    kubernetes_events: tuple[dict[str, Any], ...] = ()

    def raw_nodes(self) -> list[dict[str, Any]]:
        return []

    def raw_pods(self) -> list[dict[str, Any]]:
        return []

    def events(self) -> list[dict[str, Any]]:
        return list(self.kubernetes_events)
