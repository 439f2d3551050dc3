"""A burst of creations after a warm-up, with every moment of every session, and the rate at which they came to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from streamspace_acceptance.domain.performance.room import room
from streamspace_acceptance.domain.performance.session_follower import following, opening_desktops
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, as_csv, table
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.measuring.rate import Rate
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import Size

GAP_SECONDS = 0.05
"""Between two requests of a burst: the plan sends them all at once, and a single process needs a moment for each."""


@dataclass(frozen=True)
class Burst:
    """The requests of a burst and their sessions; `busy` is the busy share of each node meanwhile."""

    requests: ScheduledRequests
    sessions: Sequence[SessionMoments]
    scale: float
    busy: dict[str, float]

    @property
    def wanted(self) -> int:
        """The number of sessions that were asked for."""
        return len(self.sessions)

    @property
    def created(self) -> list[SessionMoments]:
        """Those for which there is a session."""
        return [one for one in self.sessions if one.session is not None]

    @property
    def never_ran(self) -> list[str]:
        """The sessions that did not come to run, in a sentence each."""
        return [one.never_ran for one in self.created if one.never_ran]

    @cached_property
    def rate(self) -> Rate | None:
        """The rate of those that ran; None for fewer than two."""
        moments = [one.completed for one in self.sessions if one.completed is not None]
        return Rate.of(moments, self.requests.load.began, self.scale) if len(moments) > 1 else None

    @property
    def figures(self) -> list[Figure]:
        """The rate first, then the plan's other Metrics to Record; the last of the burst stands beside the mean."""
        seconds = [one.seconds for one in self.sessions if one.seconds is not None]
        if self.rate is None or not seconds:
            return []
        spread = Distribution.of(seconds)
        return [
            Figure("throughput", self.rate.per_minute, "sessions/min"),
            Figure("lower bound (95 %)", self.rate.low, "sessions/min"),
            Figure("upper bound (95 %)", self.rate.high, "sessions/min"),
            Figure("by the wall clock", self.rate.per_minute / self.scale, "sessions/real min"),
            Figure(f"total time for {len(seconds)} sessions", self.rate.seconds, "s"),
            Figure("mean time per session", sum(seconds) / len(seconds), "s"),
            Figure("last session", spread.greatest, "s"),
            *(Figure(f"busy processors of {node}", 100 * share, "%") for node, share in sorted(self.busy.items())),
        ]

    def describe(self) -> str:
        """The table of the sessions with the figures below it."""
        seconds = [one.seconds for one in self.sessions if one.seconds is not None]
        lines = [
            table(self.sessions, self.requests.load.began),
            "",
            "seconds after the first request was due; completed: Running by the API, on a Ready pod",
            f"rate: {self.rate.describe() if self.rate is not None else 'none, fewer than two sessions ran'}",
            *([f"time per session: {Distribution.of(seconds).describe('s')}"] if seconds else []),
            self.requests.load.describe(),
            node_busy.describe(self.busy),
        ]
        return "\n".join(lines)


def require_room(scenario: Scenario, count: int, size: Size) -> None:
    """Unproven if the nodes cannot hold so many sessions: that says nothing about the product."""
    found = room(scenario.clients.cluster, size)
    attachments.attach_text("room on the nodes", found.sentence)
    if found.sessions is not None and found.sessions < count:
        raise Unproven(f"{found.sentence}, and {count} are needed")


def warm_up(scenario: Scenario, count: int, template: str, size: Size) -> None:
    """Sessions that are started and removed again, so that images and caches are warm; Unmet if one does not run.

    Their speed is not judged, so they get the time of a burst. Unproven if a saturated machine kept them from running.
    """
    require_room(scenario, count, size)
    clients = scenario.clients
    meter = NodeBusyMeter.begin(clients.cluster)
    with following(clients) as follower:
        users = [f"warmup{number}" for number in range(1, count + 1)]
        requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count, GAP_SECONDS))
        burst = clients.budgets.named("burst")
        wait = follower.wait_until_running(f"{count} sessions of the warm-up", requests, burst, burst)
        running = follower.running(requests.ids)
    if len(running) < count:
        if not requests.refusals and (reason := node_busy.saturated(meter.shares())):
            raise Unproven(f"{reason}; {len(running)} of {count} sessions of the warm-up run")
        raise Unmet(
            f"{count} sessions of the warm-up",
            expected=f"all Running within {burst}",
            actual="; ".join([f"{len(running)} of {count} run", *requests.refusals, *requests.unanswered]),
            timeline=wait.timeline.render(),
            likely="a few sessions at once are too many (see 1.3-1)",
        )
    if troubles := scenario.registry.release(requests.ids):
        raise Unmet(
            f"{count} sessions of the warm-up",
            expected="deleted and gone",
            actual="; ".join(troubles),
            likely="the product does not finish the deletion",
        )


def request_burst(scenario: Scenario, count: int, template: str, size: Size) -> None:
    """`count` users request a session each, without waiting for the others; all moments are evidence."""
    require_room(scenario, count, size)
    clients = scenario.clients
    users = [f"perftest{number}" for number in range(1, count + 1)]
    with following(clients) as follower:
        before = clients.api.sessions().ids
        meter = NodeBusyMeter.begin(clients.cluster)
        with opening_desktops(follower, before):
            requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count, GAP_SECONDS))
            if requests.ids:
                burst, start = clients.budgets.named("burst"), clients.budgets.named("start")
                follower.wait_until_running(f"{count} sessions in one burst", requests, burst, start)
                follower.wait_for_desktops(requests.ids)
        busy = meter.shares()
        found = scenario.results.put(Burst(requests, follower.moments(requests), clients.budgets.scale, busy))
    attachments.attach_text("sessions of the burst", found.describe())
    attachments.attach_csv("moments of the burst", as_csv(found.sessions, requests.load.began))
