"""A failure is looked at once more with all that a scenario knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.world import World

TOLD = "s-1: the API says 404 while pod s-1-x Running 1/1"


def failure(actual: str) -> Unmet:
    return Unmet("session s-1", expected="Running", actual=actual, likely="x", timeline="+0.0 s Running")


def scenario(held: bool = True) -> Any:
    def check_held() -> None:
        if not held:
            raise ClusterError("somebody set spec.replicas back")

    disruptions = SimpleNamespace(check_held=check_held)
    return SimpleNamespace(disruptions=disruptions, _contradictions=lambda: iter([TOLD]))


def test_failure_of_a_forgotten_session_tells_of_its_pod() -> None:
    found = World.reconsider(scenario(), failure("not listed for 12.0 s"))
    assert found.actual == f"not listed for 12.0 s; {TOLD}"
    assert found.timeline == "+0.0 s Running"


def test_any_other_failure_stays_as_it_is() -> None:
    unmet = failure("Pending for 12.0 s")
    assert World.reconsider(scenario(), unmet) is unmet


def test_failure_under_a_disruption_taken_back_is_an_error() -> None:
    with pytest.raises(ClusterError, match="somebody set"):
        World.reconsider(scenario(held=False), failure("Pending for 12.0 s"))
