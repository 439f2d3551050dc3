"""API and cluster belong together where the agents are configured with the ids that the API lists."""

from __future__ import annotations

from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler
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
from tests.support.web_server import says, web_server


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


class WithoutAgents(Target):
    """No agent is listed, and the API is reached at `url` with the token `own`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.http = SimpleNamespace(token="own", base_url=url)

    def call(self, name: str, *_: object) -> Answer:
        return answer({"agents": []})


@pytest.mark.parametrize("refusal", [401, 403])
@pytest.mark.parametrize(
    ("accepted", "is_same"), [(("own",), True), (("another",), False), (("own", "of-nobody"), False)]
)
def test_cluster_without_agents_is_known_by_its_token(
    accepted: tuple[str, ...], is_same: bool, refusal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        is_open = request.headers["Authorization"].removeprefix("Bearer ") in accepted
        says(b'{"sessions": []}' if is_open else b'{"error": "x", "message": "y"}', 200 if is_open else refusal)(
            request
        )

    with web_server(respond) as url:
        monkeypatch.setattr(guard, "forwarded", lambda *_: nullcontext(url.removeprefix("http://")))
        target: Any = WithoutAgents(url)
        with nullcontext() if is_same else pytest.raises(SetupProblem, match="Nothing shows"):
            guard.check_same(Settings.from_environment({}), target, target, shown_before=False)
