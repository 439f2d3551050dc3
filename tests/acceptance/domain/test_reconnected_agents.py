"""An agent that is online again is at work, stays, and its outage is logged when it happens."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.agents import fleet, undisturbed
from streamspace_acceptance.domain.agents.undisturbed import KeptSessions, SessionBefore
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.outcomes import Unmet
from tests.acceptance.domain.test_agents import outage

NO_POD = Unmet("session s-3", expected="a pod", actual="it has no pod for 12.0 s", timeline="+0.0 s no pod", likely="x")


def test_agent_that_is_back_at_work_passes() -> None:
    expect.agents.works_again(outage(), None)


def test_agent_that_is_back_and_idle_says_what_it_left() -> None:
    with pytest.raises(Unmet, match=r"it has no pod for 12\.0 s") as caught:
        expect.agents.works_again(outage(), NO_POD)
    assert caught.value.likely.startswith("commands do not reach the agent over its new connection")


@pytest.mark.parametrize("trouble", [None, NO_POD])
def test_command_is_tried_for_a_kept_user(monkeypatch: pytest.MonkeyPatch, trouble: Unmet | None) -> None:
    asked: list[tuple[str, str]] = []

    def wait_for_a_pod(**_: object) -> None:
        if trouble is not None:
            raise trouble

    def request_new(_: object, user: str, template: str) -> Any:
        asked.append((user, template))
        return SimpleNamespace(wait_for_a_pod=wait_for_a_pod)

    monkeypatch.setattr(actions, "request_new", request_new)
    before: Any = SimpleNamespace()
    kept = KeptSessions([SessionBefore(before, before, "testuser", "firefox-browser")])
    scenario = cast("Scenario", SimpleNamespace(results={KeptSessions: kept}))
    assert undisturbed.try_command(scenario) is trouble
    assert asked == [("testuser", "firefox-browser")]


@pytest.mark.parametrize(("apart", "is_in_time"), [(6.0, True), (2.0, True), (0.01, False)])
def test_lines_of_an_outage_are_written_when_it_happens(apart: float, is_in_time: bool) -> None:
    found = [(100.0, "offline"), (100.0 + apart, "online")]
    logged: Any = SimpleNamespace(
        has_gap=False, refusal="", found=found, expected=lambda: "both", text=lambda: "the lines"
    )
    with nullcontext() if is_in_time else pytest.raises(Unmet, match="logged only when it is back"):
        expect.agents.transitions_logged(outage(), logged)


@pytest.mark.parametrize("stays", [True, False])
def test_agents_that_do_not_stay_fail(monkeypatch: pytest.MonkeyPatch, stays: bool) -> None:
    fallen = Unmet("agents", expected="3 online", actual="2 of 3", likely="see the pods")

    def wait_for_online(*_: object, **__: object) -> None:
        if not stays:
            raise fallen

    monkeypatch.setattr(fleet, "wait_for_online", wait_for_online)
    scenario = cast("Scenario", SimpleNamespace(clients=SimpleNamespace(budgets=Budgets(0.001))))
    with nullcontext() if stays else pytest.raises(Unmet, match="an agent connects, and does not stay; see the pods"):
        expect.agents.stayed(fleet.look_again(scenario, 3))
