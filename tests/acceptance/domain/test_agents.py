"""Agents: each expectation holds for what is sound and fails for what is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.agents.heartbeats import API, Pace, apart, received, spacings, untimely
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.undisturbed import SessionAfter, SessionBefore
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import Agent, AgentApi, AgentList
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Stamped
from tests.support.main_containers import CalmCluster
from tests.support.samples import answer, pod_json, session_object
from tests.support.web_server import says, web_server

AGENT = "agent-1"
WORDS = load().statuses
MOMENTS = {
    "2026-11-27T09:00:00Z": (1795770000.0, True),
    "2026-11-27T11:00:00+02:00": (1795770000.0, True),
    "2026-11-27T09:00:00": (1795770000.0, False),
    "just now": (None, True),
    1795770000: (1795770000.0, True),
    1795770000.5: (1795770000.5, True),
    1795770000000: (1795770000.0, True),
    1795770000000000000: (1795770000.0, True),
    True: (None, True),
    1e300: (None, True),
}
WINDOW, RETURN = Budget("offline", 60.0, 0.1), Budget("reconnection", 30.0, 0.1)
CUT, OFFLINE, RESTORED, ONLINE, ENDED = 101.0, 106.0, 109.0, 109.5, 124.0


def sample(at: float, status: str = "online", beat: float | None = 1000.0) -> Stamped[AgentList]:
    return Stamped(at, AgentList((Agent(AGENT, status, beat),), frozenset(), WORDS))


def outage(
    offline: float = OFFLINE, online: float = ONLINE, *lies: Stamped[AgentList], beats_until: float = ENDED
) -> Outage:
    """An outage as the API tells of it; before it the last heartbeat was seen to come at 100.0, after it one comes
    every 3 s until a moment.
    """
    times = [100.0 + tenth / 10 for tenth in range(241)]
    beats = [1000.0 if at < online else 1000.0 + (min(at, beats_until) - 100.0) // 3 * 3 for at in times]
    told = [
        sample(at, "offline" if offline <= at < online else "online", beat)
        for at, beat in zip(times, beats, strict=True)
    ]
    samples = sorted([sample(99.9, beat=997.0), *told, *lies], key=lambda each: each.at)
    return Outage(AGENT, CUT, RESTORED, ENDED, samples, WORDS)


# Heartbeats

INTERVAL, LATEST = Budget("", 30, 0.1), Budget("", 120, 0.1)


def test_heartbeats_on_the_plans_pace() -> None:
    mean = expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [3.0, 3.1, 2.9], "API": [3.0, 3.7, 2.3, 3.0]}), INTERVAL)
    assert mean.value == pytest.approx(3.0)
    assert mean.allowed == "2.7 to 3.3 s"


@pytest.mark.parametrize("spaced", [[3.5, 2.6, 3.6, 3.6], [3.0, 3.7, 3.2, 3.6], [3.6, 3.1, 3.5, 3.2, 3.4]])
def test_heartbeats_that_vary_are_not_off_the_pace(spaced: list[float]) -> None:
    expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [3.0, 3.0, 3.0], "API": spaced}), INTERVAL)


@pytest.mark.parametrize(
    "spaced", [[3.0, 4.5, 1.5], [3.4, 3.4, 3.4], [3.6, 3.5, 3.6, 3.5], [1.5, 1.5, 1.5], [3.0, 3.0], []]
)
def test_heartbeats_off_the_pace_or_too_few(spaced: list[float]) -> None:
    with pytest.raises(Unmet, match="heartbeats by API"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [3.0, 3.0, 3.0], "API": spaced}), INTERVAL)


def test_heartbeat_that_the_api_forgets_is_told_of() -> None:
    with pytest.raises(Unmet, match="an earlier heartbeat after a later one"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [3.0, 3.0, 3.0], "API": [3.0, -12.1, 15.1]}), INTERVAL)


def test_agent_that_does_not_stay_online_is_why_it_sends_none() -> None:
    with pytest.raises(Unmet, match="did not stay online: the API said offline meanwhile"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [], "API": [3.0, 3.0, 3.0]}, lost="offline"), INTERVAL)


def test_a_heartbeat_counts_when_the_api_tells_of_a_new_one() -> None:
    samples = [sample(1.0, beat=10.0), sample(1.1, beat=10.0), sample(4.1, beat=13.0), sample(4.2, beat=None)]
    assert [(beat.at, beat.item) for beat in received(samples, AGENT)] == [(1.0, 10.0), (4.1, 13.0)]
    assert spacings([10.0, 13.0, 16.5]) == [3.0, 3.5]


def test_server_that_is_behind_tells_of_no_other_heartbeat() -> None:
    in_turn = [sample(4.0 + tenth / 10, beat=13.0 if tenth % 2 else 10.0) for tenth in range(1, 7)]
    samples = [sample(1.0, beat=10.0), *in_turn, sample(4.8, beat=13.0)]
    assert [(beat.at, beat.item) for beat in received(samples, AGENT)] == [(1.0, 10.0), (4.1, 13.0)]
    backwards = [*samples, sample(7.0, beat=10.0)]
    assert [beat.item for beat in received(backwards, AGENT)] == [10.0, 13.0, 10.0]


def test_source_off_the_pace_is_told_before_one_that_is_short() -> None:
    with pytest.raises(Unmet, match="heartbeats by API"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {"log": [3.1], "API": [0.1] * 4}), INTERVAL)


def test_two_lines_of_one_heartbeat_count_once() -> None:
    assert apart([10.0, 10.1, 13.0, 13.2, 16.0], 0.3) == [10.0, 13.0, 16.0]
    assert apart([10.0, 11.5, 13.0], 0.3) == [10.0, 11.5, 13.0]


def dated(at: float, beat: float, date: float | None, *, zoned: bool = True) -> Stamped[AgentList]:
    return Stamped(at, AgentList((Agent(AGENT, "online", beat, zoned),), frozenset(), WORDS, date))


def test_heartbeats_must_go_on_after_the_reconnection() -> None:
    expect.outages.reconnected(outage(), RETURN)
    expect.outages.reconnected(outage(beats_until=ENDED - WINDOW.seconds), RETURN)
    with pytest.raises(Unmet, match=r"online to the end, without a heartbeat for the last 14\.5 s"):
        expect.outages.reconnected(outage(beats_until=ONLINE), RETURN)
    silent = outage()
    unheard = [sample(look.at, look.item.status(AGENT)) for look in silent.samples]
    expect.outages.reconnected(replace(silent, samples=unheard), RETURN)


def test_a_heartbeat_comes_when_the_api_says_that_it_came() -> None:
    assert untimely([dated(1.0, 1000.0, 1e6), dated(4.0, 1003.0, 1003.2), dated(7.0, 1006.0, None)], AGENT) == ""
    ago = untimely([dated(1.0, 1000.0, 1000.0), dated(4.0, 1003.0, 8203.0)], AGENT)
    assert "7200 s ago" in ago
    assert "zone" in untimely([dated(1.0, 1000.0, None), dated(4.0, 1003.0, None, zoned=False)], AGENT)
    with pytest.raises(Unmet, match="7200 s ago"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {"API": [3.0, 3.0, 3.0]}, ago), INTERVAL)


def test_heartbeat_without_a_time_is_quoted() -> None:
    told = [Stamped(1.0, AgentList((Agent(AGENT, "online", None, no_time="soon"),), frozenset(), WORDS))]
    with pytest.raises(Unmet, match='actual:   lastHeartbeat reads "soon", which is not a time'):
        expect.agents.on_pace(Pace(AGENT, 3.0, {API: [], "log": [3.0] * 3}, untimely(told, AGENT)), INTERVAL)
    ahead = untimely([dated(1.0, 1000.0, 1000.0), dated(4.0, 4603.0, 1003.0)], AGENT)
    assert "3600 s in the future" in ahead


# An outage


def test_a_sound_outage() -> None:
    seen = outage()
    figure = expect.outages.offline_in_time(seen, WINDOW)
    assert figure.value == pytest.approx(6.0, abs=0.11)
    assert figure.allowed == "5.6 to 7.4 s"
    expect.outages.stays_offline(seen)
    assert expect.outages.reconnected(seen, RETURN) == pytest.approx(0.5)
    assert "network cut reverted" in seen.timeline()


@pytest.mark.parametrize("at", [104.0, 108.5])
def test_offline_too_soon_or_too_late(at: float) -> None:
    with pytest.raises(Unmet, match="after its last heartbeat"):
        expect.outages.offline_in_time(outage(offline=at), WINDOW)


def test_never_offline() -> None:
    seen = outage(offline=ENDED + 1)
    with pytest.raises(Unmet, match="never offline"):
        expect.outages.offline_in_time(seen, WINDOW)
    with pytest.raises(Unmet, match="never offline"):
        expect.outages.stays_offline(seen)
    with pytest.raises(Unproven):
        expect.outages.reconnected(seen, RETURN)
    with pytest.raises(Unproven):
        expect.outages.transitions_logged(seen, transitions("offline", "online"))


@pytest.mark.parametrize("beats", [lambda at: 1000.0, lambda at: at, lambda at: None])
def test_offline_without_a_known_heartbeat_is_undecided(beats: Callable[[float], float | None]) -> None:
    seen = outage()
    untold = [sample(look.at, look.item.status(AGENT), beats(look.at)) for look in seen.samples]
    with pytest.raises(Unproven, match=r"was reported offline, but .* \(see 3.3-1\)"):
        expect.outages.offline_in_time(replace(seen, samples=untold), WINDOW)
    expect.outages.stays_offline(replace(seen, samples=untold))


def test_online_for_a_moment_while_cut_off() -> None:
    with pytest.raises(Unmet, match=r"online 1\.0 s after it was reported offline"):
        expect.outages.stays_offline(outage(OFFLINE, ONLINE, sample(107.0, "online")))


def late(change: float, status: str, *after: float) -> list[Stamped[AgentList]]:
    """The former status, as a server that is behind reports it between the answers of another."""
    return [sample(change + seconds, status, beat=None) for seconds in after]


def test_server_that_is_behind_does_not_contradict_a_change() -> None:
    in_turn = [0.15, 0.35, 0.55, 0.75]
    expect.outages.stays_offline(outage(OFFLINE, ONLINE, *late(OFFLINE, "online", *in_turn)))
    expect.outages.reconnected(outage(OFFLINE, ONLINE, *late(ONLINE, "offline", *in_turn)), RETURN)


@pytest.mark.parametrize("after", [[0.85], [0.15, 0.95], [tenth / 5 for tenth in range(1, 20)]])
def test_status_that_comes_back_after_a_change_does(after: list[float]) -> None:
    with pytest.raises(Unmet, match="after it was reported offline"):
        expect.outages.stays_offline(outage(OFFLINE, ONLINE, *late(OFFLINE, "online", *after)))
    with pytest.raises(Unmet, match="flaps"):
        expect.outages.reconnected(outage(OFFLINE, ONLINE, *late(ONLINE, "offline", *after)), RETURN)


def test_status_that_falls_back_right_after_a_change_does() -> None:
    seen = outage()
    told = [sample(look.at, "offline") if 109.7 < look.at < 111 else look for look in seen.samples]
    with pytest.raises(Unmet, match="flaps"):
        expect.outages.reconnected(replace(seen, samples=told), RETURN)


@pytest.mark.parametrize("at", [113.0, ENDED + 1])
def test_back_too_late_or_never(at: float) -> None:
    with pytest.raises(Unmet, match="online again within"):
        expect.outages.reconnected(outage(online=at), RETURN)


def test_list_that_fails_while_an_agent_is_cut_off_is_named() -> None:
    failing = AgentList((), frozenset(), WORDS, trouble="500 Internal Server Error")
    seen = outage()
    samples = [look if look.at < OFFLINE else Stamped(look.at, failing) for look in seen.samples]
    with pytest.raises(Unmet, match="the API gives no list of agents meanwhile: 500") as caught:
        expect.outages.stays_offline(replace(seen, samples=samples))
    assert "no list: 500 Internal Server Error" in caught.value.timeline


def test_list_of_agents_that_fails_is_trouble_where_it_is_recorded() -> None:
    with web_server(says(b'{"error": "e", "message": "m"}', 500)) as url, HttpClient(url, "t") as http:
        api = AgentApi(StreamSpaceApi(http, load()))
        assert api.all_or_trouble().status(AGENT).startswith("no list: 500")
        with pytest.raises(Unmet):
            api.all()


def twice(at: float) -> Stamped[AgentList]:
    both = (Agent(AGENT, "offline", 1000.0), Agent(AGENT, "online", 1010.0))
    return Stamped(at, AgentList(both, frozenset({AGENT}), WORDS))


def test_former_connection_beside_the_new_one_is_named() -> None:
    beside = [twice(RESTORED + tenth / 10) for tenth in range(1, 150)]
    seen = outage(online=ENDED + 1)
    told = [sample for sample in seen.samples if sample.at < RESTORED]
    with pytest.raises(Unmet, match="former connection beside the new one") as caught:
        expect.outages.reconnected(replace(seen, samples=[*told, *beside]), RETURN)
    assert "offline and online to the end" in caught.value.actual


def test_agent_that_may_be_back_under_another_id_is_named() -> None:
    seen = outage(online=ENDED + 1)
    other = Agent("agent-2", "online", 1010.0)
    told = [look for look in seen.samples if look.at < RESTORED]
    later = [
        Stamped(look.at, replace(look.item, agents=(*look.item.agents, other)))
        for look in seen.samples
        if look.at >= RESTORED
    ]
    with pytest.raises(Unmet, match="agent-2 came online meanwhile: the agent may be back under another id"):
        expect.outages.reconnected(replace(seen, samples=[*told, *later]), RETURN)
    with pytest.raises(Unmet, match="does not reconnect by itself"):
        expect.outages.reconnected(seen, RETURN)


def test_back_about_the_limit_is_not_decided() -> None:
    with pytest.raises(Unproven, match="too far apart"):
        expect.outages.reconnected(outage(online=RESTORED + RETURN.seconds + 0.05), RETURN)


def test_offline_again_after_it_came_back() -> None:
    with pytest.raises(Unmet, match="flaps"):
        expect.outages.reconnected(outage(OFFLINE, ONLINE, sample(120.03, "offline")), RETURN)


def transitions(*kinds: str) -> Any:
    found = [(float(at), kind) for at, kind in enumerate(kinds)]
    return SimpleNamespace(has_gap=False, refusal="", found=found, expected=lambda: "both", text=lambda: "the lines")


def test_both_changes_logged_once() -> None:
    expect.outages.transitions_logged(outage(), transitions("offline", "online"))


def test_transitions_lost_in_a_rotated_log_are_unproven() -> None:
    rotated = transitions("online")
    rotated.has_gap = True
    with pytest.raises(Unproven, match="no longer begins at the cut"):
        expect.outages.transitions_logged(outage(), rotated)


@pytest.mark.parametrize("kinds", [(), ("offline",), ("online", "offline"), ("offline", "online", "offline", "online")])
def test_changes_logged_otherwise(kinds: tuple[str, ...]) -> None:
    with pytest.raises(Unmet, match="the API's log"):
        expect.outages.transitions_logged(outage(), transitions(*kinds))


# Sessions meanwhile


def change(at: float, kind: str = "MODIFIED", restarts: int = 0, **details: Any) -> Stamped[Change]:
    raw = pod_json(**details)
    raw["status"]["containerStatuses"][0]["restartCount"] = restarts
    return Stamped(at, Change(kind, raw))


def kept(*changes: Stamped[Change]) -> SessionBefore:
    cluster = CalmCluster()
    session = SimpleNamespace(subject="session s", cluster=cluster, changes=SimpleNamespace(items=lambda: changes))
    return SessionBefore(session, Pod.of(pod_json()))  # type: ignore[arg-type]


def test_sessions_left_alone() -> None:
    expect.sessions.left_alone([kept(change(100.0), change(103.0))], outage())


@pytest.mark.parametrize(
    "disturbance",
    [
        change(103.0, "DELETED"),
        change(103.0, restarts=1),
        change(103.0, ready=False),
        change(103.0, "ADDED", uid="another"),
    ],
)
def test_a_session_that_was_touched(disturbance: Stamped[Change]) -> None:
    with pytest.raises(Unmet, match="kept, Ready and not restarted"):
        expect.sessions.left_alone([kept(change(100.0), disturbance)], outage())


def seen(**changes: Any) -> SessionAfter:
    trial = SimpleNamespace(received=True, clicked=True)
    return replace(SessionAfter(kept(change(100.0)), "Running", "Running", "Running", None, trial), **changes)  # type: ignore[arg-type]


def test_a_session_that_can_be_used() -> None:
    expect.sessions.usable([seen(), seen(phase=None)])


@pytest.mark.parametrize(
    "change_of",
    [
        {"status": "Pending"},
        {"phase": "Failed"},
        {"pod_trouble": "started again 1 times"},
        {"trial": SimpleNamespace(received=True, clicked=False)},
    ],
)
def test_a_session_that_cannot_be_used(change_of: dict[str, Any]) -> None:
    with pytest.raises(Unmet, match="usable by its user"):
        expect.sessions.usable([seen(**change_of)])


def test_a_session_serves_on_one_ready_pod() -> None:
    assert kept(change(100.0), change(103.0, "DELETED"), change(104.0, "ADDED", uid="another")).trouble() is None
    for changes in ([change(100.0, ready=False)], [change(100.0), change(101.0, "ADDED", uid="another")]):
        assert "its pods are" in str(kept(*changes).trouble())


def test_a_queued_command_carried_out_late_fails() -> None:
    late = order(change(26.0, "DELETED"))
    with pytest.raises(Unmet, match=r"deleted after 12\.5 s"):
        expect.commands.carried_out(late, LATEST)


# An order that waits

ACCEPTED = {"status": "Hibernating", "command": {"id": "c", "status": "queued"}, "message": "It waits."}


def order(*changes: Stamped[Change], said: tuple[tuple[float, str], ...] = (), **others: Any) -> QueuedCommand:
    told = said or ((9.9, "Running"), (10.1, "Hibernating"), (14.2, "Hibernated"))
    all_changes = changes or (change(14.0, "MODIFIED", deleting=True), change(14.1, "DELETED"))
    fields: dict[str, Any] = {
        "session": kept(*all_changes).session,
        "pod": Pod.of(pod_json()),
        "answer": answer(ACCEPTED, 202),
        "given": 10.0,
        "back": 13.5,
        "ended": 18.0,
        "statuses": [Stamped(at, text) for at, text in told],
        "phase": session_object(phase="Hibernated"),
        "trouble": None,
    }
    return QueuedCommand(**(fields | others))


STAYED = Unmet("session s", expected="no pod left", actual="a pod", likely="x")


def test_pod_events_tell_that_a_pod_is_being_deleted() -> None:
    name = order().pod.meta.name
    assert [event.item for event in order().pod_events] == [f"pod {name} being deleted", f"pod {name} deleted"]


def test_timeline_of_a_command_begins_with_the_status_before_it() -> None:
    assert order().timeline().startswith("+0.0 s Running · +0.1 s Hibernating")
    assert order().history().lines()[:2] == ["+0.0 s Running", "+0.1 s Hibernating"]


def test_pod_of_the_same_name_is_another_pod() -> None:
    again = order(change(14.1, "DELETED"), change(14.5, "ADDED", uid="another"), change(16.0, "DELETED", uid="another"))
    with pytest.raises(Unmet, match="no other in its place"):
        expect.commands.carried_out_once(again)


def test_an_order_that_waits_and_is_carried_out_once() -> None:
    expect.commands.queued(order(), load())
    assert expect.commands.carried_out(order(), LATEST) == pytest.approx(0.5)
    expect.commands.carried_out_once(order())
    expect.commands.status_truthful(order(), load())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (ACCEPTED, 503),
        (ACCEPTED | {"message": ""}, 202),
        (ACCEPTED | {"command": {"status": "running"}}, 202),
        (ACCEPTED | {"command": None}, 202),
    ],
)
def test_an_order_that_is_not_said_to_wait(body: dict[str, Any], status: int) -> None:
    with pytest.raises(Unmet, match="the command accepted"):
        expect.commands.queued(order(answer=answer(body, status)), load())


@pytest.mark.parametrize("status", [200, 202, 204])
def test_command_answered_without_content_is_not_said_to_wait(status: int) -> None:
    silent = order(answer=replace(answer({}, status), body=b""))
    with pytest.raises(Unmet, match="the answer tells nothing of the command") as caught:
        expect.commands.queued(silent, load())
    assert f"{status}  without content" in caught.value.actual
    assert expect.commands.carried_out(silent, LATEST) == pytest.approx(0.5)


@pytest.mark.parametrize(("phase", "owner"), [("Failed", "ReplicaSet"), ("Running", "Job")])
def test_pod_that_serves_no_session_is_not_another_one(phase: str, owner: str) -> None:
    beside = change(14.3, "DELETED", uid="another", phase=phase)
    beside.item.object["metadata"]["ownerReferences"] = [{"kind": owner, "name": "x", "uid": "u"}]
    expect.commands.carried_out_once(order(change(14.1, "DELETED"), beside))
    expect.sessions.left_alone([kept(change(100.0), Stamped(103.0, beside.item))], outage())


def test_pod_of_a_job_serves_a_session_that_is_a_job_itself() -> None:
    own = change(100.0)
    own.item.object["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "s", "uid": "j"}]
    before = replace(kept(own), pod=Pod.of(own.item.object))
    assert before.trouble() is None
    other = change(103.0, "ADDED", uid="another")
    other.item.object["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "s", "uid": "j"}]
    twice = replace(kept(own, other), pod=before.pod)
    assert "its pods are" in str(twice.trouble())
    with pytest.raises(Unmet, match="another pod than before"):
        expect.sessions.left_alone([twice], outage())


def test_an_order_that_is_not_carried_out() -> None:
    forgotten = order(change(9.0), said=((9.9, "Running"), (10.1, "Hibernating")), trouble=STAYED)
    with pytest.raises(Unmet):
        expect.commands.carried_out(forgotten, LATEST)
    with pytest.raises(Unproven):
        expect.commands.carried_out_once(forgotten)
    with pytest.raises(Unproven):
        expect.commands.status_truthful(forgotten, load())


def test_an_order_that_was_refused_shows_nothing_more() -> None:
    refused = order(answer=answer({}, 503))
    with pytest.raises(Unproven):
        expect.commands.carried_out(refused, LATEST)


def test_an_order_that_is_carried_out_twice() -> None:
    again = order(change(14.1, "DELETED"), change(15.0, "ADDED", name="s-2", uid="u-2"))
    with pytest.raises(Unmet, match="no other in its place"):
        expect.commands.carried_out_once(again)
    woken = replace(again, statuses=[*again.statuses, Stamped(15.1, "Waking")])
    with pytest.raises(Unproven, match="another pod since"):
        expect.commands.status_truthful(woken, load())


@pytest.mark.parametrize(
    "said",
    [
        ((9.9, "Running"), (10.1, "Hibernated"), (14.2, "Hibernated")),
        ((9.9, "Running"), (10.1, "Hibernating")),
        ((9.9, "Pending"), (14.2, "Hibernated")),
    ],
)
def test_a_status_that_is_not_true(said: tuple[tuple[float, str], ...]) -> None:
    with pytest.raises(Unmet):
        expect.commands.status_truthful(order(said=said), load())


# The API's list


def listed(body: bytes) -> AgentList:
    with web_server(says(body)) as url, HttpClient(url, "t") as http:
        return AgentApi(StreamSpaceApi(http, load())).all()


def test_the_list_of_agents_is_read() -> None:
    found = listed(
        b'{"agents": [{"agentId": "a", "status": "online", "lastHeartbeat": "2026-01-01T00:00:00.5Z"},'
        b' {"agentId": "b", "status": "offline", "lastHeartbeat": null}, {"agentId": "b", "status": "online"}]}'
    )
    assert found.online == {"a", "b"}
    assert found.twice == {"b"}
    assert found.status("c") == "not listed"
    assert (found.agents[0].last_heartbeat, found.agents[1].last_heartbeat) == (1767225600.5, None)


def test_agents_may_have_numbers() -> None:
    assert listed(b'{"agents": [{"agentId": 12, "status": "online"}]}').online == {"12"}


@pytest.mark.parametrize("body", [b'{"agents": {}}', b'{"agents": ["a"]}', b'{"agents": [{"agentId": 1}]}', b"[]"])
def test_anything_else_is_no_list_of_agents(body: bytes) -> None:
    with pytest.raises(Unmet):
        listed(body)


def test_agent_listed_twice_has_no_status() -> None:
    both = AgentList((Agent(AGENT, "online", 1.0), Agent(AGENT, "offline", 1.0)), frozenset({AGENT}), WORDS)
    assert both.status(AGENT) == "offline and online"
    assert both.describe().endswith(f": several times {AGENT}")
    seen = outage(OFFLINE, ENDED + 1)
    beside = replace(
        seen, samples=[stamped if stamped.at < ONLINE else Stamped(stamped.at, both) for stamped in seen.samples]
    )
    with pytest.raises(Unmet, match="offline and online to the end"):
        expect.outages.reconnected(beside, RETURN)


def test_a_moment_is_read_with_its_zone_or_without() -> None:
    told = [{"agentId": str(moment), "status": "online", "lastHeartbeat": moment} for moment in MOMENTS]
    with web_server(says(json.dumps({"agents": told}).encode())) as base, HttpClient(base, "t") as client:
        found = AgentApi(StreamSpaceApi(client, load())).all()
    assert [(agent.last_heartbeat, agent.zoned) for agent in found.agents] == list(MOMENTS.values())
    assert found.date is not None
