"""The evidence of a failure: in order, redacted, and there even when the cluster is not."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.evidence import failure, recorder
from streamspace_acceptance.product.answers import Exchange, ExchangeLog
from streamspace_acceptance.waiting import Silence


@dataclass
class FakeCluster:
    """Answers as the facade of the cluster does; `broken` calls raise."""

    broken: set[str] = field(default_factory=set)

    def _look(self, what: str, answer: Any) -> Any:
        if what in self.broken:
            raise ConnectionError("no route to Kubernetes")
        return answer

    def raw_sessions(self) -> Any:
        return self._look("sessions", [{"kind": "Session", "metadata": {"name": "s-1"}}])

    def raw_pods(self) -> Any:
        return self._look("pods", [{"kind": "Pod", "metadata": {"name": "s-1-abc"}}])

    def pods(self, **labels: str) -> Any:
        return self._look("pods", [SimpleNamespace(meta=SimpleNamespace(name=f"{labels['app']}-0"))])

    def logs(self, pod: str, *, since_seconds: int, tail_lines: int) -> str:
        return self._look("logs", f"{pod} says: Admin password: hunter2-hunter2")

    def events(self) -> Any:
        late = {"lastTimestamp": "2026-01-01T00:00:09Z", "reason": "Started", "message": "started", "count": 2}
        early = {"eventTime": "2026-01-01T00:00:01.5Z", "reason": "Scheduled", "message": "assigned"}
        return self._look("events", [late | {"involvedObject": {"kind": "Pod", "name": "s-1-abc"}}, early])


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found: dict[str, str] = {}
    monkeypatch.setattr(recorder, "_attach", lambda body, name, *_: found.update({name: body}))
    return found


def world(cluster: FakeCluster) -> Any:
    began = time.monotonic()
    log = ExchangeLog()
    log.add(Exchange(began - 5, "GET", "http://x/early", None, 200, "{}", 0.01))
    for _ in range(3):
        log.add(Exchange(began + 0.5, "GET", "http://x/sessions?token=abcdef", None, 200, '{"total": 0}', 0.01))
    log.add(Exchange(began + 1, "POST", "http://x/sessions", {"user": "u"}, None, "", 3.0, "ReadTimeout: too slow"))
    return SimpleNamespace(began=began, run=SimpleNamespace(cluster=cluster, http=SimpleNamespace(log=log)))


def test_everything_is_attached(attached: dict[str, str]) -> None:
    failure.collect(world(FakeCluster()))
    assert list(attached) == [
        "sessions.yaml",
        "pods.yaml",
        "events.txt",
        "log of streamspace-api-0.txt",
        "log of streamspace-k8s-agent-0.txt",
        "http.txt",
    ]
    assert "name: s-1-abc" in attached["pods.yaml"]


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
    failure.collect(world(FakeCluster(broken={"sessions", "events", "logs"})))
    assert attached["sessions.yaml"] == "could not be had: ConnectionError: no route to Kubernetes"
    assert attached["events.txt"].startswith("could not be had")
    assert attached["log of streamspace-api"].startswith("could not be had")
    assert "s-1-abc" in attached["pods.yaml"]
    assert "http.txt" in attached


def test_a_silent_cluster_is_asked_once(attached: dict[str, str]) -> None:
    asked: list[str] = []

    class Silent(FakeCluster):
        def _look(self, what: str, answer: Any) -> Any:
            asked.append(what)
            raise ConnectionError("no complete answer") from Silence("10 s")

    failure.collect(world(Silent()))
    assert asked == ["sessions"]
    assert "no complete answer" in attached["sessions.yaml"]
    assert "POST http://x/sessions" in attached["http.txt"]
