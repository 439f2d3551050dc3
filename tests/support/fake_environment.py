"""A cluster and a deployment that are as a test says, for what is expected of the environment."""

from __future__ import annotations

import json
from typing import Any

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.waiting import Budget
from tests.support.main_containers import WithMainContainers
from tests.support.samples import pod_json

Json = dict[str, Any]
PROFILE = load()
NAMESPACE = {"metadata": {}, "status": {"phase": "Active"}}


class FakeCluster(WithMainContainers):
    """Answers from a table: path -> body, or an HTTP status."""

    namespace = "streamspace"

    def __init__(self, **changes: Any) -> None:
        self.answers: dict[str, Any] = {
            "/readyz": "ok",
            "/version": {"gitVersion": "v1.32.4"},
            "/api/v1/namespaces/streamspace": NAMESPACE,
        }
        self.answers |= {path.replace("__", "/"): body for path, body in changes.pop("answers", {}).items()}
        self.nodes: list[Json] | int = changes.pop("nodes", [])
        self.pods_found: list[Json] = changes.pop("pods", [])
        self.asked: list[tuple[str, dict[str, str]]] = []

    def context(self) -> tuple[str, str]:
        return "kind-kind", "https://127.0.0.1:6443"

    def raw(self, path: str, **query: str) -> bytes:
        self.asked.append((path, query))
        found = self.answers.get(path + ("?previous" if "previous" in query else ""), 404)
        if isinstance(found, int):
            raise ClusterError(f"get {path}: {found}", found)
        return found.encode() if isinstance(found, str) else json.dumps(found).encode()

    def raw_nodes(self) -> list[Json]:
        if isinstance(self.nodes, int):
            raise ClusterError("list nodes", self.nodes)
        return self.nodes

    def raw_pods(self, **labels: str) -> list[Json]:
        return self.pods_found


def running(image: str) -> Json:
    found = pod_json(name=image.partition(":")[0])
    found["spec"]["containers"][0]["image"] = image
    return found


def node(*images: str) -> Json:
    return {"metadata": {"name": "n1"}, "status": {"images": [{"names": [image]} for image in images]}}


def settings(**variables: str) -> Settings:
    return Settings.from_environment(variables)


def deployment(cluster: FakeCluster | None = None, *, embedded: bool = False, **variables: str) -> Deployment:
    found: Any = cluster or FakeCluster(pods=[running(image) for image in PROFILE.deployment.images])

    def no_api() -> Any:
        raise ConnectionError("no API here")

    return Deployment(
        settings(**variables),
        PROFILE,
        lambda: found,
        no_api,
        needs_no_images=lambda: embedded,
        patience=lambda name: Budget(name, 0.2, 1.0),
        tool_seconds=1.0,
    )
