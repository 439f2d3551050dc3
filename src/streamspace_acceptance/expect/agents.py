"""Expectations of agents: their number, their heartbeats, and how they share the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean

from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.fleet import ScaledAt
from streamspace_acceptance.domain.agents.heartbeats import API, LOG, Pace
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
FEWEST_AGENTS = 2


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
