"""The release of many sessions: a product that does not finish it fails; a machine without room proves nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.domain.performance.release import release
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.outcomes import Unmet, Unproven


def scenario(*troubles: str) -> Any:
    registry = SimpleNamespace(release=lambda ids: troubles)
    return SimpleNamespace(clients=SimpleNamespace(cluster=None), registry=registry)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    shares = {"node-1": 0.5}
    meter = SimpleNamespace(shares=lambda: shares)
    monkeypatch.setattr(NodeBusyMeter, "begin", classmethod(lambda _cls, _cluster: meter))
    return shares


@pytest.mark.usefixtures("busy")
def test_release_without_troubles_holds() -> None:
    release(scenario(), ["a"], "1 session")


@pytest.mark.usefixtures("busy")
def test_release_that_leaves_sessions_behind_fails() -> None:
    with pytest.raises(Unmet, match="left behind: a"):
        release(scenario("left behind: a"), ["a"], "1 session")


def test_release_on_a_saturated_machine_proves_nothing(busy: dict[str, float]) -> None:
    busy["node-1"] = 0.99
    with pytest.raises(Unproven, match="node-1 was 99% busy; 1 session: left behind: a"):
        release(scenario("left behind: a"), ["a"], "1 session")
