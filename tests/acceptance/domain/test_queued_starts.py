"""Sessions that are woken or requested while no agent is online: each gets one pod, and is Running then."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.agents import queued_starts
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.queued_starts import REQUESTED, WOKEN, QueuedStart, StartCommand
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Stamped
from tests.acceptance.domain.test_agents import ACCEPTED, LATEST, change, kept, order
from tests.support.samples import answer

NO_POD = Unmet("session s", expected="a pod Ready", actual="no pod for 12.0 s", likely="x")
STAYS_WAKING = Unmet("session s", expected="Running", actual="Waking for 12.0 s", likely="x")
NEW = change(14.0, "ADDED", name="s-2", uid="u-2")


def start(*changes: Stamped[Change], said: tuple[tuple[float, str], ...] = (), **others: Any) -> QueuedStart:
    session = kept(*(changes or (NEW,))).session
    told = said or ((10.1, "Waking"), (14.2, "Running"))
    woken = StartCommand(session, WOKEN, answer(ACCEPTED | {"status": "Waking"}, 202), 10.0, frozenset({"pod-uid"}))
    fields: dict[str, Any] = {"command": woken, "statuses": [Stamped(at, text) for at, text in told]}
    return QueuedStart(**(fields | others))


def requested(status: int, **others: Any) -> QueuedStart:
    made = replace(start().command, kind=REQUESTED, answer=answer({}, status))
    return start(command=made, **others)


def among(*starts: QueuedStart) -> QueuedCommand:
    return replace(order(), starts=starts)


def test_sessions_that_start_once_agents_are_back_pass() -> None:
    both = among(start(), requested(201))
    expect.commands.queued(both, load())
    expect.commands.carried_out(both, LATEST)
    expect.commands.carried_out_once(both)
    expect.commands.status_truthful(both, load())


@pytest.mark.parametrize("lost", [start(trouble=NO_POD), requested(201, trouble=NO_POD)])
def test_session_that_never_starts_fails(lost: QueuedStart) -> None:
    with pytest.raises(Unmet, match=f"{lost.command.kind} while no agent was online") as caught:
        expect.commands.carried_out(among(lost), LATEST)
    assert caught.value.actual == f"no pod for 12.0 s; the API had answered {lost.command.answer.status} to the command"
    expect.commands.status_truthful(among(replace(lost, statuses=[])), load())
    with pytest.raises(Unmet) as caught:
        expect.commands.carried_out(replace(among(lost), other_ids="the agents are back as a-2, and were a-1"), LATEST)
    assert caught.value.likely.startswith("the agents are back as a-2, and were a-1: the command may wait for an agent")


def test_waking_that_is_refused_or_not_called_queued_fails() -> None:
    for given in (answer({}, 409), answer(ACCEPTED | {"command": {"status": "running"}}, 202)):
        with pytest.raises(Unmet, match="the command accepted and reported as 'queued'"):
            expect.commands.queued(among(start(command=replace(start().command, answer=given))), load())


def test_session_that_gets_two_pods_fails() -> None:
    twice = start(NEW, change(15.0, "DELETED", name="s-2", uid="u-2"), change(15.1, "ADDED", name="s-3", uid="u-3"))
    with pytest.raises(Unmet, match="2 pods"):
        expect.commands.carried_out_once(among(twice))


def test_pods_from_before_a_waking_do_not_count() -> None:
    late = start(change(10.5, "DELETED", uid="pod-uid"), NEW)
    expect.commands.carried_out_once(among(late))


def test_session_called_running_before_its_pod_runs_fails() -> None:
    early = start(said=((10.1, "Running"), (12.1, "Running"), (14.2, "Running")))
    with pytest.raises(Unmet, match=r"Running 2\.1 s after the command, without a running pod"):
        expect.commands.status_truthful(among(early), load())


@pytest.mark.parametrize("at", [10.1, 11.9, 13.8])
def test_status_of_a_server_that_is_behind_is_no_failure(at: float) -> None:
    expect.commands.status_truthful(among(start(said=((at, "Running"), (14.2, "Running")))), load())


def test_session_that_is_never_called_running_fails() -> None:
    with pytest.raises(Unmet, match=r"Waking for 12\.0 s"):
        expect.commands.status_truthful(among(start(untrue=STAYS_WAKING, said=((10.1, "Waking"),))), load())


class _Session:
    """Hibernates if it can; its status is told, or the API fails."""

    id = "s-4"

    def __init__(self, told: str | Unmet, trouble: Unmet | None = None) -> None:
        self._told, self._trouble = told, trouble
        self.api = SimpleNamespace(
            profile=load(),
            status=self._status,
            hibernate_session=lambda _: None,
            order_waking=lambda _: answer({}, 202),
        )

    def _status(self, _: str) -> str:
        if isinstance(self._told, Unmet):
            raise self._told
        return self._told

    def wait_for_ready_pod(self, **_: object) -> None:
        if self._trouble is not None:
            raise self._trouble

    def wait_for_status(self, word: str, **_: object) -> None:
        if word == "Hibernated" and self._trouble is STAYS_WAKING:
            raise self._trouble

    def known_uids(self) -> frozenset[str]:
        return frozenset()


def scenario_of(session: _Session, made: str | None = "s-5") -> Scenario:
    created = Creation(Asked("testuser", "firefox-browser", None, frozenset()), answer({}, 201), "s", "s", ())
    registry = SimpleNamespace(ask=lambda *_: SimpleNamespace(id=made, answer=answer({}, 201)), enter=lambda _: session)
    clients = SimpleNamespace(api=session.api)
    return cast("Scenario", SimpleNamespace(clients=clients, registry=registry, results={Creation: created}))


def test_session_to_wake_is_one_that_could_be_hibernated(monkeypatch: pytest.MonkeyPatch) -> None:
    for trouble in (None, NO_POD):
        session: Any = _Session("Hibernated", trouble)
        monkeypatch.setattr(actions, "request_new", lambda *_, given=session: given)
        found = queued_starts.hibernated_session(scenario_of(session))
        assert found is (session if trouble is None else None)


@pytest.mark.parametrize(
    ("told", "kinds"),
    [("Hibernated", [WOKEN, REQUESTED]), (NO_POD, [WOKEN, REQUESTED]), ("Waking", [REQUESTED])],
)
def test_session_that_is_not_hibernated_any_more_is_not_woken(told: str | Unmet, kinds: list[str]) -> None:
    session: Any = _Session(told)
    given = queued_starts.command(scenario_of(session), session)
    assert [command.kind for command in given] == kinds
    assert [command.kind for command in queued_starts.command(scenario_of(session), None)] == [REQUESTED]
    assert queued_starts.command(scenario_of(session, made=None), None) == []


@pytest.mark.parametrize(
    ("status", "trouble", "outcome"),
    [(202, None, (None, None)), (202, NO_POD, (NO_POD, None)), (503, NO_POD, (None, None))],
)
def test_session_is_awaited_if_its_command_was_accepted(
    status: int, trouble: Unmet | None, outcome: tuple[Unmet | None, Unmet | None]
) -> None:
    session: Any = _Session("Running", trouble)
    command = replace(start().command, session=session, answer=answer({}, status))
    assert queued_starts.wait_until_running(command) == outcome
