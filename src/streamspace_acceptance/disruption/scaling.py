"""A Deployment scaled to another number of pods, and back."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.owners import manager_of_replicas


class Scaling:
    """A Deployment at `replicas` while it lasts. The number that it had before is read for the record, once."""

    def __init__(self, cluster: Cluster, deployment: str, replicas: int) -> None:
        self._cluster = cluster
        self._deployment = deployment
        self._replicas = replicas
        self._before: int | None = None

    @property
    def name(self) -> str:
        """For the report."""
        return f"Deployment {self._deployment} scaled to {self._replicas}"

    def record(self) -> dict[str, Any]:
        """The Deployment, the number that it has now and the one that it is about to get."""
        self._before = self._cluster.replicas(self._deployment)
        return {"kind": "scaling", "deployment": self._deployment, "before": self._before, "replicas": self._replicas}

    def apply(self) -> None:
        """Asks for the other number; its pods come and go after that."""
        self._cluster.scale(self._deployment, self._replicas)

    def check_held(self) -> None:
        """ClusterError when somebody else has set another number meanwhile."""
        found = self._cluster.deployment(self._deployment) if self._before is not None else None
        replicas = self._replicas if found is None else found["spec"].get("replicas")
        if found is not None and replicas != self._replicas:
            to = "back to" if replicas == self._before else "to"
            raise ClusterError(
                f"somebody set spec.replicas of Deployment {self._deployment} {to} {replicas} "
                f"({manager_of_replicas(found)}), after the suite had set it to {self._replicas}"
            )

    def revert(self) -> None:
        """Asks for the number that it had. One that somebody else has set meanwhile stays."""
        if self._before is not None:
            if self._cluster.replicas(self._deployment) == self._replicas:
                self._cluster.scale(self._deployment, self._before)
            self._before = None
