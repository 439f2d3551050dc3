"""Expectations of agents: their heartbeats, their outages, and how they share the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean

from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.fleet import ScaledAt
from streamspace_acceptance.domain.agents.heartbeats import API, LOG, Pace
from streamspace_acceptance.domain.agents.logged_transitions import OFFLINE, ONLINE, Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.undisturbed import CommandTrial
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import Table, judged, table
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring.rate import half_interval
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.waiting import POLL_SECONDS, Budget

# Two of the suite's own looks at the API, and as much for a machine that has other things to do: real seconds.
SLACK_SECONDS = 2 * POLL_SECONDS + 0.2
# Of the interval: what a timer in a loop may drift by on the whole, and what a busy machine may make of one heartbeat.
MEAN_TOLERANCE, TOLERANCE = 0.1, 0.25
FEWEST_SPACINGS = 3
# The plan's offline window is a round figure. The product checks its agents at intervals, which may take this long.
LATE_PLAN_SECONDS = 10.0
SILENT_PLAN_SECONDS = 60.0
"""An agent that was silent for longer is not online, by the plan."""
FEWEST_AGENTS = 2
TOGETHER = 0.05
"""A share of the time for which the agent was offline: two lines so close were written in one go."""


def on_pace(pace: Pace, interval: Budget) -> Figure:
    """Heartbeats keep the plan's interval, each and on the mean, by both sources; and their times are right.

    Many agents vary the interval, so that they do not all send at once: then a mean of few is not exact. Returns the
    mean of all of them.
    """
    wanted = interval.seconds
    tolerance, drift = TOLERANCE * wanted + SLACK_SECONDS, MEAN_TOLERANCE * wanted
    judged(
        "heartbeats",
        f"plan: one every {interval}; allowed: {_range(wanted, drift)} on the mean, {_range(wanted, tolerance)} each\n"
        f"{pace.table()}",
    )
    unseen = pace.refusal
    off_pace_first = sorted(pace.spacings.items(), key=lambda item: not _off(item[1], wanted, tolerance))
    for source, spacings in off_pace_first:
        off = _off(spacings, wanted, tolerance)
        few = len(spacings) < FEWEST_SPACINGS
        wrong = bool(off) or few or abs(fmean(spacings) - wanted) > drift + half_interval(spacings)
        if wrong and source in pace.rotated:
            unseen = (
                f"{source} was rotated or not read in time, and what is left tells of {len(spacings) + 1} heartbeats"
            )
        elif wrong:
            raise Unmet(
                f"agent {pace.agent_id}, heartbeats by {source}",
                expected=f"one every {interval}: the mean within 10 %, each within {tolerance:.1f} s",
                actual=", ".join(f"{spacing:.1f} s" for spacing in spacings) + " apart"
                if spacings
                else (source == API and pace.untimely) or "none in that time",
                likely=_why_off_pace(pace, source),
            )
    if pace.untimely:
        raise Unmet(
            f"agent {pace.agent_id}, heartbeats by the API",
            expected="each reported with its time and its time zone",
            actual=pace.untimely,
            likely="the time has another time zone, or belongs to another event",
        )
    if unseen:
        raise Unproven(unseen)
    mean = fmean(spacing for spacings in pace.spacings.values() for spacing in spacings)
    return Figure("mean time between heartbeats", mean, "s", _range(wanted, drift))


def _why_off_pace(pace: Pace, source: str) -> str:
    spacings = pace.spacings[source]
    if pace.lost:
        return f"the agent did not stay online: the API said {pace.lost} meanwhile"
    if source == LOG and not spacings:
        return "the agent does not log them, or in another line (agents.heartbeat_line of the profile)"
    if any(spacing < 0 for spacing in spacings):
        return "the API reported an earlier heartbeat after a later one: its store lost that, or one server lacks it"
    return "the agent sends at another interval, or the API reports heartbeats late"


def _off(spacings: Sequence[float], wanted: float, tolerance: float) -> list[float]:
    return [spacing for spacing in spacings if abs(spacing - wanted) > tolerance]


def offline_in_time(outage: Outage, window: Budget) -> Figure:
    """The agent was reported offline when its window was over, not before and not long after; returns the seconds.

    They count from the last heartbeat that the API reported.
    """
    silence = outage.silence
    if silence is None and outage.went_offline is not None:
        raise Unproven(
            f"{outage.subject} was reported offline, but the API reported no new heartbeat before, or a new one at "
            "each request: nothing shows when the last one was (see 3.3-1)"
        )
    early = window.seconds - SLACK_SECONDS
    late = window.seconds + LATE_PLAN_SECONDS * window.scale + SLACK_SECONDS
    allowed = f"{early:.1f} to {late:.1f} s"
    expected = f"offline {window} after its last heartbeat ({allowed} allowed)"
    judged(
        "silence until offline", f"expected: {expected}\n{_silence(outage)}\ntimeline from the cut: {outage.timeline()}"
    )
    if silence is None:
        raise _never_offline(outage, expected, "the API does not watch the heartbeats, or reports none")
    least, most = silence
    figure = Figure("time from the last heartbeat to offline", (least + most) / 2, "s", allowed)
    attachments.record_figures([figure])
    is_early = most < early
    if is_early or least > late:
        raise Unmet(
            outage.subject,
            expected=expected,
            actual=f"offline {least:.1f} to {most:.1f} s after its last heartbeat",
            timeline=outage.timeline(),
            likely="the API counts fewer missed heartbeats, or marks the agent offline when its connection is lost"
            if is_early
            else "the API counts more missed heartbeats, or checks them too rarely",
        )
    return figure


def stays_offline(outage: Outage) -> None:
    """The API reported the agent offline while it was cut off, and nothing else until the cut was reverted."""
    at = outage.went_offline
    judged("status while cut off", "\n".join(outage.history().lines()))
    if at is None:
        raise _never_offline(outage, "offline while it is cut off", "the API does not watch the heartbeats")
    wrong = outage.wrongly(outage.words["agent_offline"], at, outage.reverted)
    if wrong is not None:
        raise Unmet(
            outage.subject,
            expected="offline for as long as it is cut off",
            actual=f"{wrong.item} {wrong.at - at:.1f} s after it was reported offline",
            timeline=outage.timeline(),
            likely="its status does not follow its heartbeats",
        )


def _never_offline(outage: Outage, expected: str, likely: str) -> Unmet:
    return Unmet(
        outage.subject,
        expected=expected,
        actual=f"never offline in {outage.reverted - outage.cut:.1f} s without a connection",
        timeline=outage.timeline(),
        likely=f"the API gives no list of agents meanwhile: {outage.trouble}" if outage.trouble else likely,
    )


def reconnected(outage: Outage, within: Budget) -> float:
    """The agent was online again in time once its network was back, and stayed online; gives the seconds.

    Where the API told of its heartbeats before, it tells of new ones.
    """
    if outage.went_offline is None:
        raise Unproven("the agent was never reported offline, so its reconnection cannot be shown (see 3.3-2)")
    at, seconds = outage.came_online, outage.return_seconds
    judged("status after the network was restored", f"expected: online within {within}\n{outage.timeline()}")
    if seconds is not None:
        attachments.record_figure("online again after", seconds[1], "s")
    if at is None or seconds is None or seconds[0] > within.seconds:
        raise Unmet(
            outage.subject,
            expected=f"online again within {within}",
            actual=f"{outage.said_last} to the end" if at is None else f"online after {at - outage.reverted:.1f} s",
            timeline=outage.timeline(),
            likely=_why_not_back(outage),
        )
    wrong = outage.wrongly(outage.words["agent_online"], at, outage.ended)
    if wrong is not None:
        raise Unmet(
            outage.subject,
            expected=f"online for {outage.ended - at:.1f} s after it reconnected",
            actual=f"{wrong.item} {wrong.at - at:.1f} s after it reconnected",
            timeline=outage.timeline(),
            likely="the agent's status flaps: the API drops its old connection after the new one is open",
        )
    silent, most = outage.silent_for, SILENT_PLAN_SECONDS * within.scale + SLACK_SECONDS
    if silent is not None and silent > most:
        raise Unmet(
            outage.subject,
            expected=f"online for {outage.ended - at:.1f} s after it reconnected, with heartbeats",
            actual=f"online to the end, without a heartbeat for the last {silent:.1f} s",
            timeline=outage.timeline(),
            likely="the API takes no heartbeats over the new connection, and does not miss them",
        )
    if seconds[1] > within.seconds:
        raise Unproven(
            f"{outage.subject} was online after {seconds[0]:.2f} to {seconds[1]:.2f} s, and {within} are allowed: "
            "the API's answers were too far apart, or the network was restored too slowly, to decide"
        )
    return seconds[1]


def _why_not_back(outage: Outage) -> str:
    if outage.is_listed_twice:
        return "the API lists the agent's former connection beside the new one"
    if outage.newcomers:
        return f"{', '.join(outage.newcomers)} came online meanwhile: the agent may be back under another id"
    return "the agent does not reconnect by itself, or waits too long between attempts"


def works_again(outage: Outage, trial: CommandTrial) -> None:
    """The agent that is online again carries a command out: a session that is requested gets a pod, and is Running."""
    judged("a session requested after the reconnection", trial.answer)
    judged("its pods", "\n".join(trial.pods) or "none")
    trouble = trial.trouble
    if trouble is not None:
        raise Unmet(
            outage.subject,
            expected="online again, and at work: a session that is requested gets a pod",
            actual=f"{outage.said_last}, but a session that was requested has no pod ({trouble.actual})",
            timeline=trouble.timeline,
            likely="commands do not reach the agent over its new connection, though its heartbeats arrive",
        )
    untold = trial.untold
    if untold is not None:
        raise Unmet(
            outage.subject,
            expected="online again, and at work: a session that is requested is reported Running once its pod is Ready",
            actual=f"{outage.said_last}, but a session that was requested is not ({untold.actual})",
            timeline=untold.timeline,
            likely="the agent's reports do not reach the API over its new connection, though its heartbeats arrive",
        )


def transitions_logged(outage: Outage, transitions: Transitions) -> None:
    """The API's log records that the agent went offline and came online, each once, in this order and in time."""
    if outage.went_offline is None or outage.came_online is None:
        raise Unproven("the agent was not seen offline and online again, so there is nothing to log (see 3.3-2)")
    judged("lines of the API's log", transitions.text() or "none of the expected lines")
    if transitions.refusal:
        raise Unproven(transitions.refusal)
    kinds = [kind for _, kind in transitions.found]
    if kinds != [OFFLINE, ONLINE] and transitions.has_gap:
        raise Unproven(f"the API's log no longer begins at the cut: it was rotated, and has {kinds or 'neither line'}")
    if kinds != [OFFLINE, ONLINE]:
        raise Unmet(
            f"{outage.subject}, the API's log",
            expected=transitions.expected(),
            actual=f"{', then '.join(kinds)}" if kinds else "neither of them",
            timeline=outage.timeline(),
            likely="a change of status is not logged, or logged again although nothing changed",
        )
    (lost_at, _), (back_at, _) = transitions.found
    offline_for = outage.came_online - outage.went_offline
    if back_at - lost_at < TOGETHER * offline_for:
        raise Unmet(
            f"{outage.subject}, the API's log",
            expected=f"{transitions.expected()}, each when it happened",
            actual=f"both within {back_at - lost_at:.1f} s, though the agent was offline for {offline_for:.1f} s",
            timeline=outage.timeline(),
            likely="the loss of an agent is logged only when it is back",
        )


def online(agents: AgentList) -> None:
    """At least one agent is online."""
    judged("agents", _listed(agents))
    if not agents.online:
        raise Unmet("agents", expected="at least one online", actual=agents.describe(), likely="see the agent's log")


def connected(agents: AgentList, count: int, scaled: ScaledAt) -> float:
    """Exactly `count` agents are online, each listed once; gives the seconds since they were scaled."""
    seconds = scaled.seconds
    judged("agents", _listed(agents))
    if len(agents.online) != count or agents.twice:
        raise Unmet(
            "agents",
            expected=f"{count} online, each listed once",
            actual=agents.describe(),
            likely="an agent does not connect, or the API loses one",
        )
    return seconds


def stayed(fallen: Unmet | None) -> None:
    """The agents that were online still are a while later (`fallen`: why not)."""
    judged("the agents a while later", "all of them online" if fallen is None else fallen.actual)
    if fallen is not None:
        raise fallen


def spread(found: Balance) -> None:
    """More than one agent serves the sessions, and API and pods name the same agent for each.

    Unproven where the others already serve so much that one agent gets all.
    """
    judged("sessions and their agents", _assignments(found))
    _require_sessions(found)
    serving = [agent for agent, count in found.shares.items() if count]
    is_one = len(serving) < FEWEST_AGENTS
    is_evened = bool(found.others) and found.difference() < 1
    if found.contradictions or found.nobodys or (is_one and not is_evened):
        raise Unmet(
            f"{len(found.said)} sessions",
            expected="served by more than one agent, according to the API and to their pods",
            actual="; ".join([*found.contradictions, *[f"{session}: no agent" for session in found.nobodys]])
            or found.describe(),
            likely=_why_not_spread(found),
        )
    if is_one:
        raise Unproven(f"the other agents serve more even so: {found.describe()}; {found.describe_others()}")


def _why_not_spread(found: Balance) -> str:
    if found.offline:
        return "sessions are assigned to agents that are not online"
    if found.contradictions or found.nobodys:
        return "the API's agent of a session is not the one that serves it"
    return "sessions are assigned without regard to the agents' load"


def balanced(found: Balance, tolerance: int) -> int:
    """Each agent serves as many sessions, give or take `tolerance`; gives the largest difference.

    As many of these, or together with what the agents serve besides, whose sessions may differ in size.
    """
    judged("sessions per agent", table("agent | sessions", found.shares.items()))
    if beside := found.describe_others():
        judged("what else the agents serve, in sessions of this size", beside)
    _require_sessions(found)
    if sum(1 for count in found.shares.values() if count) < FEWEST_AGENTS:
        raise Unproven(f"one agent serves all (see 3.4-2): {found.describe()}")
    mean = len(found.said) / len(found.shares)
    worst = found.difference()
    attachments.record_figure("largest difference from the mean", round(worst), "sessions")
    if worst > tolerance and found.unsteady:
        raise Unproven(
            f"sessions of others came or went meanwhile ({', '.join(sorted(found.unsteady)[:3])}), so nothing tells "
            f"what each agent had when these were shared out: {found.describe()}"
        )
    if worst > tolerance:
        raise Unmet(
            f"{len(found.said)} sessions on {len(found.shares)} agents",
            expected=f"{mean:g} sessions on each agent, ±{tolerance}",
            actual="; ".join(filter(None, [found.describe(), beside])),
            likely="new sessions do not go to the agent with the fewest sessions",
        )
    return round(worst)


def _range(middle: float, tolerance: float) -> str:
    return f"{middle - tolerance:.1f} to {middle + tolerance:.1f} s"


def _listed(agents: AgentList) -> Table:
    return table(
        "agent | status | last heartbeat",
        ((agent.id, agent.status, _moment(agent.last_heartbeat)) for agent in agents.agents),
    )


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def _silence(outage: Outage) -> str:
    silence = outage.silence
    return (
        "never offline"
        if silence is None
        else f"offline {silence[0]:.1f} to {silence[1]:.1f} s after the last heartbeat"
    )


def _assignments(found: Balance) -> Table:
    rows = [(session, agent, found.seen.get(session)) for session, agent in found.said.items()]
    return table("session | agent by the API | agent by its pod", rows)


def _require_sessions(found: Balance) -> None:
    """Unproven where nothing tells which agent serves which session."""
    if not found.said:
        raise Unproven("there are no sessions to count")
    if found.silent:
        raise Unproven(
            "neither the API's list of sessions nor a label of their pods names an agent; a contract profile can say "
            "where the product tells of it (fields.agent_id, agents.session_label, agents.session_line)"
        )
