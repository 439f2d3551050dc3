"""The evidence of a failure: in the order of the plan's troubleshooting, redacted, there even when nothing answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.product.answers import Answer, Exchange, ExchangeLog
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.troubleshooting import failure
from streamspace_acceptance.troubleshooting.collectors import COLLECTORS
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot
from streamspace_acceptance.waiting import DeadlineExceeded, now

UNPULLED: Any = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nowhere/x"'}}


def pod(name: str, app: str | None = None, **state: Any) -> dict[str, Any]:
    labels = {"app": app} if app else {"session": "s-1"}
    return {
        "metadata": {"name": name, "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}}}],
        },
        "status": {
            "phase": "Pending" if state else "Running",
            "conditions": [{"type": "Ready", "status": "False" if state else "True"}],
            "containerStatuses": [
                {"name": "c", "ready": not state, "restartCount": 3, "state": state or {"running": {}}}
            ],
        },
    }


@dataclass
class FakeCluster:
    """Answers as the facade of the cluster does; `broken` calls raise."""

    broken: set[str] = field(default_factory=set)

    def _look(self, what: str, answer: Any) -> Any:
        if what in self.broken:
            raise ConnectionError("no route to Kubernetes")
        return answer

    def raw_sessions(self) -> Any:
        session = {
            "kind": "Session",
            "metadata": {"name": "s-1"},
            "spec": {"user": "u"},
            "status": {"phase": "Pending"},
        }
        return self._look("sessions", [session])

    def raw_pods(self) -> Any:
        product = [pod("streamspace-api-0", "streamspace-api"), pod("streamspace-k8s-agent-0", "streamspace-k8s-agent")]
        return self._look("pods", [*product, pod("s-1-abc", **UNPULLED)])

    def logs(self, pod: str, *, since_seconds: int, tail_lines: int) -> str:
        return str(self._look("logs", f"{pod} says: Admin password: hunter2-hunter2"))

    def raw_nodes(self) -> Any:
        return self._look(
            "nodes", [{"metadata": {"name": "node-1"}, "status": {"allocatable": {"cpu": "2", "memory": "1Gi"}}}]
        )

    def raw_node_metrics(self) -> Any:
        return self._look("metrics", None)

    def claims(self) -> Any:
        return self._look("claims", [])

    def events(self) -> Any:
        late = {"lastTimestamp": "2026-01-01T00:00:09Z", "reason": "Started", "message": "started", "count": 2}
        early = {"eventTime": "2026-01-01T00:00:01.5Z", "reason": "Scheduled", "message": "assigned"}
        return self._look("events", [late | {"involvedObject": {"kind": "Pod", "name": "s-1-abc"}}, early])


class FakeHttp:
    """An API that is well, and says that one agent is online; or one that is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.log = ExchangeLog()
        self.away = away

    token, base_url = "t", "http://api"

    def call_as(self, token: str | None, method: str, path: str, *_: object, **__: object) -> Answer:
        if self.away:
            raise NoAnswer(f"{method} {path}: connection refused")
        said = b'{"status": "ok"}' if path == "/health" else b'{"agents": [{"agentId": "a-1", "status": "online"}]}'
        return Answer(method, path, 200, "OK", "application/json", said, 0.0, 0.0)


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found: dict[str, str] = {}
    monkeypatch.setattr(attachments, "attach", lambda name, body, *_: found.update({name: redact(body)}))
    return found


def world(cluster: FakeCluster, *, away: bool = False) -> Any:
    began, http = now(), FakeHttp(away=away)
    http.log.add(Exchange(began - 5, "GET", "http://x/early", None, 200, "{}", 0.01))
    for _ in range(3):
        http.log.add(Exchange(began + 0.5, "GET", "http://x/sessions?token=abcdef", None, 200, '{"total": 0}', 0.01))
    http.log.add(
        Exchange(began + 1, "POST", "http://x/sessions", {"user": "u"}, None, "", 3.0, "ReadTimeout: too slow")
    )
    profile = load()
    return SimpleNamespace(
        began=began,
        desktops=[],
        registry=SimpleNamespace(sessions=[SimpleNamespace(id="s-1")]),
        disruptions=SimpleNamespace(names=list),
        clients=SimpleNamespace(
            cluster=cluster, http=http, profile=profile, api=StreamSpaceApi(cast(Any, http), profile)
        ),
    )


def test_everything_is_attached_in_the_order_of_the_plan(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    assert list(attached) == [
        "likely cause.txt",
        "health of the API.txt",
        "pods.txt",
        "log of streamspace-api-0.txt",
        "sessions.txt",
        "events.txt",
        "agents.txt",
        "log of streamspace-k8s-agent-0.txt",
        "nodes.txt",
        "http.txt",
        "sessions.yaml",
        "pods.yaml",
    ]
    assert "name: s-1-abc" in attached["pods.yaml"]
    assert "a-1 online" in attached["agents.txt"]


def test_pods_and_sessions_are_described(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    table, *described = attached["pods.txt"].split("\n\n")
    assert "s-1-abc                  0/1    ImagePullBackOff  3         node-1" in table
    assert 'State:         Waiting (ImagePullBackOff): Back-off pulling image "nowhere/x"' in described[2]
    assert "Requests:      cpu=250m, memory=64Mi" in described[2]
    assert "Started: started (x2)" in described[2]
    assert "phase:         Pending" in attached["sessions.txt"]


def test_nodes_tell_what_is_asked_of_them(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    assert "cpu:     allocatable 2000m, requested 750m (38%)" in attached["nodes.txt"]
    assert "metrics are not served here" in attached["nodes.txt"]


def test_the_cause_is_told(attached: dict[str, str]) -> None:
    (cause,) = failure.collect(world(FakeCluster()))
    assert str(cause) == 'image pull failure: pod s-1-abc: ImagePullBackOff: Back-off pulling image "nowhere/x"'
    assert attached["likely cause.txt"] == str(cause)


def test_events_are_in_order(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    first, second = attached["events.txt"].splitlines()
    assert first.startswith("2026-01-01T00:00:01.5Z")
    assert second == "2026-01-01T00:00:09Z  Pod/s-1-abc  Started: started (x2)"


def test_exchanges_are_those_of_the_scenario(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    assert "early" not in attached["http.txt"]
    assert "(3 times)" in attached["http.txt"]
    assert "< ReadTimeout: too slow" in attached["http.txt"]


def test_secrets_are_redacted(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    assert "hunter2" not in "".join(attached.values())
    assert "abcdef" not in attached["http.txt"]


def test_what_cannot_be_had_is_said_in_its_place(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster(broken={"sessions", "events", "logs", "metrics"})))
    assert attached["sessions.yaml"] == "could not be had: ConnectionError: no route to Kubernetes"
    assert attached["events.txt"].startswith("could not be had")
    assert attached["log of streamspace-api-0.txt"].startswith("could not be had")
    assert "s-1-abc" in attached["pods.yaml"]
    assert "http.txt" in attached


def test_an_api_that_is_away_is_asked_once(attached: dict[str, str]) -> None:
    causes = failure.collect(world(FakeCluster(), away=True))
    assert "connection refused" in str(causes[0])
    assert causes[0].what == "API not reachable"
    assert attached["agents.txt"] == "could not be had: the API is not reachable"


def test_a_silent_cluster_is_asked_once(attached: dict[str, str]) -> None:
    asked: list[str] = []

    class Silent(FakeCluster):
        def _look(self, what: str, answer: Any) -> Any:
            asked.append(what)
            raise ConnectionError("no complete answer") from DeadlineExceeded("10 s")

    assert failure.collect(world(Silent())) == []
    assert asked == ["pods"]
    assert "no complete answer" in attached["sessions.yaml"]
    assert "POST http://x/sessions" in attached["http.txt"]


def test_collector_that_fails_hides_no_other(attached: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def quotas(snapshot: ClusterSnapshot) -> None:
        raise KeyError("spec")

    monkeypatch.setattr(failure, "COLLECTORS", (quotas, *COLLECTORS))
    failure.collect(world(FakeCluster()))
    assert attached["quotas.txt"] == "could not be had: KeyError: 'spec'"
    assert "pods.yaml" in attached
