"""An agent that is online again is at work, stays, and its outage is logged when it happens."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.agents import staying, undisturbed
from streamspace_acceptance.domain.agents.undisturbed import CommandTrial, KeptSessions, SessionBefore
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.product.profile import load
from tests.acceptance.domain.test_agents import outage
from tests.acceptance.domain.test_balance import agents
from tests.support.samples import answer, pod

NO_POD = Unmet("session s-3", expected="a pod", actual="it has no pod for 12.0 s", timeline="+0.0 s no pod", likely="x")
PENDING = Unmet("session s-3", expected="Running", actual="Pending for 12.0 s", likely="x")


def test_agent_that_is_back_at_work_passes() -> None:
    expect.outages.works_again(outage(), CommandTrial(answer({}, 201), ("pod s-3-1 Running 1/1",)))


def test_agent_that_is_back_and_idle_says_what_it_left() -> None:
    with pytest.raises(Unmet, match=r"it has no pod for 12\.0 s") as caught:
        expect.outages.works_again(outage(), CommandTrial(answer({}, 201), trouble=NO_POD))
    assert caught.value.likely.startswith("commands do not reach the agent over its new connection")


def test_agent_that_is_back_and_reports_nothing_fails() -> None:
    with pytest.raises(Unmet, match=r"Pending for 12\.0 s") as caught:
        expect.outages.works_again(outage(), CommandTrial(answer({}, 201), ("pod s-3-1 Running 1/1",), untold=PENDING))
    assert caught.value.likely.startswith("the agent's reports do not reach the API over its new connection")


class _Started:
    """A session with a pod, which is Ready and told of, or not."""

    api = SimpleNamespace(profile=load())

    def __init__(self, *, ready: bool, told: bool) -> None:
        self._ready, self._told = ready, told

    def wait_for_a_pod(self, **_: object) -> None:
        """There is one at once."""

    def wait_for_ready_pod(self, **_: object) -> None:
        if not self._ready:
            raise NO_POD

    def wait_for_status(self, word: str, **_: object) -> None:
        assert word == "Running"
        if not self._told:
            raise PENDING

    def pods(self) -> list[Any]:
        return [pod(name="s-3-1")]


@pytest.mark.parametrize(
    ("ready", "told", "untold"), [(True, True, None), (True, False, PENDING), (False, False, None)]
)
def test_session_with_a_ready_pod_is_to_be_told_of(*, ready: bool, told: bool, untold: Unmet | None) -> None:
    before: Any = SimpleNamespace()
    kept = KeptSessions([SessionBefore(before, before, "testuser", "firefox-browser")])
    made = SimpleNamespace(id="s-3", answer=answer({}, 201))
    registry = SimpleNamespace(ask=lambda *_: made, enter=lambda _: _Started(ready=ready, told=told))
    scenario = cast("Scenario", SimpleNamespace(results={KeptSessions: kept}, registry=registry))
    assert undisturbed.try_command(scenario).untold is untold


@pytest.mark.parametrize(("made", "trouble"), [("s-3", None), ("s-3", NO_POD), (None, None)])
def test_command_is_tried_for_a_kept_user(made: str | None, trouble: Unmet | None) -> None:
    asked: list[tuple[str, str]] = []

    def ask(user: str, template: str, _: object) -> Any:
        asked.append((user, template))
        return SimpleNamespace(id=made, answer=answer({}, 201))

    def wait_for_a_pod(**_: object) -> None:
        if trouble is not None:
            raise trouble

    before: Any = SimpleNamespace()
    kept = KeptSessions([SessionBefore(before, before, "testuser", "firefox-browser")])
    session = _Started(ready=True, told=True)
    session.wait_for_a_pod = wait_for_a_pod  # type: ignore[method-assign]
    registry = SimpleNamespace(ask=ask, enter=lambda _: session)
    scenario = cast("Scenario", SimpleNamespace(results={KeptSessions: kept}, registry=registry))
    trial = undisturbed.try_command(scenario)
    assert trial.trouble is trouble
    assert [words.split()[1] for words in trial.pods] == (["s-3-1"] if made and trouble is None else [])
    assert asked == [("testuser", "firefox-browser")]


@pytest.mark.parametrize(("apart", "is_in_time"), [(6.0, True), (2.0, True), (0.01, False)])
def test_lines_of_an_outage_are_written_when_it_happens(apart: float, is_in_time: bool) -> None:
    found = [(100.0, "offline"), (100.0 + apart, "online")]
    logged: Any = SimpleNamespace(
        has_gap=False, refusal="", found=found, expected=lambda: "both", text=lambda: "the lines"
    )
    with nullcontext() if is_in_time else pytest.raises(Unmet, match="logged only when it is back"):
        expect.outages.transitions_logged(outage(), logged)


class _Busy:
    def __init__(self, share: float) -> None:
        self._share = share

    def begin(self, _: object) -> _Busy:
        return self

    def shares(self) -> dict[str, float]:
        return {"node-1": self._share}


@pytest.mark.parametrize(
    ("online", "beats", "busy", "outcome"),
    [
        (3, (1.0, 1.0, 1.0), 0.5, None),
        (3, (1.0, 1.0, 1.0), 1.0, None),
        (2, (1.0, 1.0), 0.5, Unmet),
        (2, (1.0, 1.0), 1.0, Unproven),
        (3, (1.0, 0.0, 1.0), 0.5, Unmet),
        (3, (1.0, 0.0, 1.0), 1.0, Unproven),
        (3, (None, None, None), 0.5, None),
    ],
)
def test_agents_that_do_not_stay_or_send_no_heartbeats_fail(
    monkeypatch: pytest.MonkeyPatch,
    online: int,
    beats: tuple[float | None, ...],
    busy: float,
    outcome: type[Exception] | None,
) -> None:
    monkeypatch.setattr(staying, "BEHIND_SECONDS", 0.01)
    monkeypatch.setattr(staying, "NodeBusyMeter", _Busy(busy))
    looks = itertools.count()

    def listed() -> AgentList:
        """Each heartbeat comes so many seconds after the one before, at each look; None for an API that tells none."""
        look = next(looks)
        found = [
            replace(agent, last_heartbeat=None if beat is None else 1000.0 + beat * look)
            for agent, beat in zip(agents(*[f"a-{number}" for number in range(online)]).agents, beats, strict=True)
        ]
        return replace(agents(), agents=tuple(found))

    monkeypatch.setattr(staying, "AgentApi", lambda _: SimpleNamespace(all=listed))
    clients = SimpleNamespace(budgets=Budgets(0.005), api=None, cluster=None)
    scenario = cast("Scenario", SimpleNamespace(clients=clients))
    with nullcontext() if outcome is None else pytest.raises(outcome):
        expect.agents.stayed(staying.look_again(scenario, 3))
