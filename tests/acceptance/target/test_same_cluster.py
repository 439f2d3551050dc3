"""API and cluster belong together where the agents are configured with the ids that the API lists."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import guard
from tests.support.main_containers import WithMainContainers
from tests.support.samples import answer, pod_json


class Target(WithMainContainers):
    """One agent with the id prod-1, whose container is configured as given; the API's log is empty."""

    namespace = "streamspace"
    profile = load()

    def __init__(self, **container: Any) -> None:
        self._pod = pod_json()
        self._pod["spec"]["containers"][0].update(container)

    def pods(self, **labels: str) -> list[Pod]:
        return [] if labels == self.profile.agents.api_labels else [Pod.of(self._pod)]

    def session_objects(self) -> list[Any]:
        return []

    def config_map(self, name: str) -> dict[str, str]:
        if name == "hidden":
            raise ClusterError("get configmap hidden: forbidden", 403)
        return {"AGENT_ID": "prod-1"}

    def sessions(self) -> Any:
        return SimpleNamespace(ids=frozenset())

    def call(self, name: str, *_: object) -> Answer:
        return answer({"agents": [{"agentId": "prod-1", "status": "online"}]})

    approves_agents = False

    def objects(self, said: Answer, field: str) -> Any:
        return said.object()[field]


def check(**container: Any) -> None:
    target: Any = Target(**container)
    guard.check_same(Settings.from_environment({}), target, target, shown_before=False)


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "AGENT_ID", "value": "prod-1"}]},
        {"args": ["--agent-id=prod-1"]},
        {"command": ["agent", "--id", "prod-1"]},
        {"envFrom": [{"configMapRef": {"name": "agent"}}]},
        {"env": [{"name": "AGENT_ID", "valueFrom": {"configMapKeyRef": {"name": "agent", "key": "AGENT_ID"}}}]},
    ],
)
def test_agent_is_known_by_its_configuration(container: dict[str, Any]) -> None:
    check(**container)


@pytest.mark.parametrize(
    "container", [{}, {"args": ["--agent-id=prod-12"]}, {"envFrom": [{"configMapRef": {"name": "hidden"}}]}]
)
def test_agent_of_another_cluster_is_refused(container: dict[str, Any]) -> None:
    with pytest.raises(SetupProblem, match="different clusters"):
        check(**container)
