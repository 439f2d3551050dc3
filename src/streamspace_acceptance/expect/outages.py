"""Expectations of an agent whose network was cut: it goes offline in time, comes back, and works again."""

from __future__ import annotations

from streamspace_acceptance.domain.agents.logged_transitions import OFFLINE, ONLINE, Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.undisturbed import CommandTrial
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import judged
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.expect.agents import SLACK_SECONDS
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget

# The plan's offline window is a round figure. The product checks its agents at intervals, which may take this long.
LATE_PLAN_SECONDS = 10.0
SILENT_PLAN_SECONDS = 60.0
"""An agent that was silent for longer is not online, by the plan."""
TOGETHER = 0.05
"""A share of the time for which the agent was offline: two lines so close were written in one go."""


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


def _silence(outage: Outage) -> str:
    silence = outage.silence
    return (
        "never offline"
        if silence is None
        else f"offline {silence[0]:.1f} to {silence[1]:.1f} s after the last heartbeat"
    )
