"""A burst of creations after a warm-up, with every moment of every session, and the rate at which they came to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from streamspace_acceptance.domain.performance import cluster_limits, peak_use
from streamspace_acceptance.domain.performance.peak_use import PeakUse
from streamspace_acceptance.domain.performance.release import release
from streamspace_acceptance.domain.performance.room import room
from streamspace_acceptance.domain.performance.session_follower import SessionFollower, following, opening_desktops
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, as_csv, pod_starts, table
from streamspace_acceptance.domain.performance.session_troubles import QUOTA
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.domain.sessions.unknown_users import refused_for_users
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import histogram, node_busy
from streamspace_acceptance.measuring.control_plane import ControlPlane, mutating_calls
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.measuring.rate import Rate
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import Size

PRECISION = 0.2
"""Half of the rate's interval, as a share of the rate, with which no further burst is asked for."""
MOST_REPEATS = 2


@dataclass(frozen=True)
class Burst:
    """The requests of a burst and their sessions; `busy` is the busy share of each node meanwhile.

    `source` says from where the moments of Running are; `plane` is how the cluster itself did. `crowded`: why the
    cluster had no place for any of the sessions that never ran; empty if it had. `use`: the components' peak use.
    """

    requests: ScheduledRequests
    sessions: Sequence[SessionMoments]
    scale: float
    busy: dict[str, float]
    source: str = ""
    plane: ControlPlane | None = None
    crowded: str = ""
    use: PeakUse | None = None

    @property
    def never_ran(self) -> list[str]:
        """The sessions that did not come to run, in a sentence each."""
        return [session.never_ran for session in self.sessions if session.session is not None and session.never_ran]

    @cached_property
    def rate(self) -> Rate | None:
        """The rate of those that ran; None for fewer than two."""
        moments = [session.completed for session in self.sessions if session.completed is not None]
        return Rate.of(moments, self.requests.load.began, self.scale) if len(moments) > 1 else None

    @property
    def is_whole(self) -> bool:
        """Every request was accepted, and every session came to run."""
        requests = self.requests
        return not (requests.refusals or requests.unanswered or self.never_ran) and self.rate is not None

    def describe(self) -> str:
        """The table of the sessions with the figures below it."""
        seconds = [session.seconds for session in self.sessions if session.seconds is not None]
        lines = [
            table(self.sessions, self.requests.load.began),
            "",
            "seconds after the first request was due; completed: Running by the API, on a Ready pod",
            f"rate: {self.rate.describe() if self.rate is not None else 'none, fewer than two sessions ran'}",
            *([f"time per session: {Distribution.of(seconds).describe('s')}"] if seconds else []),
            *([self.source] if self.source else []),
            self.requests.load.describe(),
            node_busy.describe(self.busy),
            *([self.plane.describe()] if self.plane is not None else []),
            *([self.use.describe()] if self.use is not None else []),
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Bursts:
    """The same burst at least `least` times, each after the sessions of the one before were gone.

    One that is not whole is the last, and one whose sessions are `not_gone`, which says why. The rate rests on the
    bursts whose requests were sent in time.
    """

    bursts: Sequence[Burst]
    least: int
    not_gone: str = ""

    @property
    def wanted(self) -> int:
        """The number of sessions that were asked for."""
        return len(self.sessions)

    @property
    def sessions(self) -> list[SessionMoments]:
        """The sessions of all bursts."""
        return [session for burst in self.bursts for session in burst.sessions]

    @property
    def created(self) -> list[SessionMoments]:
        """Those for which there is a session."""
        return [session for session in self.sessions if session.session is not None]

    @property
    def never_ran(self) -> list[str]:
        """The sessions that did not come to run, in a sentence each."""
        return [sentence for burst in self.bursts for sentence in burst.never_ran]

    @property
    def refusals(self) -> list[str]:
        """The refused creations, in a sentence each."""
        return [sentence for burst in self.bursts for sentence in burst.requests.refusals]

    @property
    def doubled(self) -> list[str]:
        """The requests that certainly made more than one session, in a sentence each."""
        made = [creation for burst in self.bursts for creation in burst.requests.creations if creation is not None]
        return [
            f"{creation.asked.user}: one request made {1 + len(creation.others)} sessions"
            for creation in made
            if creation.others
        ]

    @property
    def refused_by_quota(self) -> str:
        """Kubernetes' words about the quota for which each refused creation was refused; empty unless it was so."""
        made = [creation for burst in self.bursts for creation in burst.requests.creations if creation is not None]
        refused = [creation.answer.excerpt(2000) for creation in made if creation.id is None or not creation.answer.ok]
        found = [words.group() for answer in refused if (words := QUOTA.search(answer)) is not None]
        return found[0] if found and len(found) == len(refused) else ""

    @property
    def refused_for_users(self) -> str:
        """The product's words, if it does not know the users of the refused creations; else empty."""
        return refused_for_users([made for burst in self.bursts for made in burst.requests.creations])

    @property
    def unanswered(self) -> list[str]:
        """The creations without an answer, in a sentence each."""
        return [sentence for burst in self.bursts for sentence in burst.requests.unanswered]

    @property
    def distrust(self) -> str:
        """Why figures of these loads prove nothing; empty when enough of them can be trusted."""
        reasons = [burst.requests.load.distrust for burst in self.bursts if burst.requests.load.distrust]
        return reasons[-1] if reasons and len(self._sent_in_time) < self.least else ""

    @property
    def are_enough(self) -> bool:
        """At least `least` were sent in time, and the rate is known well enough."""
        known = self.rate is not None and self.rate.precision <= PRECISION
        return known and len(self._sent_in_time) >= self.least

    @cached_property
    def _sent_in_time(self) -> list[Burst]:
        return [burst for burst in self.bursts if not burst.requests.load.distrust]

    @property
    def busy(self) -> dict[str, float]:
        """The busy share of each node in the burst in which it was busiest."""
        nodes = {node for burst in self.bursts for node in burst.busy}
        return {node: max(burst.busy.get(node, 0.0) for burst in self.bursts) for node in nodes}

    @property
    def plane_outside(self) -> str:
        """How the cluster missed its own objectives in a burst, as a part of a sentence; empty if it kept them."""
        return next(
            (burst.plane.outside for burst in self.bursts if burst.plane is not None and burst.plane.outside), ""
        )

    @property
    def crowded(self) -> str:
        """Why the cluster had no room for the sessions that never ran; empty if it had."""
        return next((burst.crowded for burst in self.bursts if burst.crowded), "")

    @cached_property
    def rate(self) -> Rate | None:
        """The rate of all bursts that were sent in time; None where one of them has none."""
        rates = [burst.rate for burst in self._sent_in_time if burst.rate is not None]
        return Rate.of_runs(rates) if rates and len(rates) == len(self._sent_in_time) else None

    @property
    def figures(self) -> list[Figure]:
        """The rate first, then the plan's other Metrics to Record; the last session stands beside the mean."""
        seconds = [session.seconds for session in self.sessions if session.seconds is not None]
        if self.rate is None or not seconds:
            return []
        spread, scale = Distribution.of(seconds), self.rate.scale
        return [
            Figure("throughput", self.rate.per_minute, "sessions/min"),
            Figure("lower bound (95 %)", self.rate.low, "sessions/min"),
            Figure("upper bound (95 %)", self.rate.high, "sessions/min"),
            Figure("by the wall clock", self.rate.per_minute / scale, "sessions/real min"),
            Figure(
                f"total time for {len(seconds) // len(self.bursts)} sessions", self.rate.seconds / self.rate.runs, "s"
            ),
            Figure("mean time per session", sum(seconds) / len(seconds), "s"),
            Figure("last session", spread.greatest, "s"),
            *(Figure(f"busy processors of {node}", 100 * share, "%") for node, share in sorted(self.busy.items())),
            *self.peaks,
        ]

    @property
    def peaks(self) -> list[Figure]:
        """The greatest use of each component in any of the bursts."""
        greatest: dict[str, Figure] = {}
        for figure in (figure for burst in self.bursts if burst.use is not None for figure in burst.use.figures):
            before = greatest.get(figure.name, figure)
            greatest[figure.name] = figure if figure.value > before.value else before
        return list(greatest.values())

    def describe(self) -> str:
        """The tables of all bursts, and their common rate."""
        parts = [f"burst {number}\n{burst.describe()}" for number, burst in enumerate(self.bursts, start=1)]
        rate = self.rate.describe() if self.rate is not None else "none, fewer than two sessions of a burst ran"
        return "\n\n".join([*parts, f"rate of all bursts: {rate}"])

    @property
    def slowest(self) -> Burst:
        """The burst with the lowest rate; one that has none comes first."""
        return min(self.bursts, key=lambda burst: burst.rate.per_minute if burst.rate is not None else 0.0)

    def answers(self) -> str:
        """The table of all requests with their answers."""
        return "\n\n".join(burst.requests.table() for burst in self.bursts)


def judged(scenario: Scenario) -> Bursts:
    """The bursts that a sentence judges, which are its evidence, with the time of every session that ran."""
    found = scenario.results[Bursts]
    attachments.attach_text("rate", found.describe())
    seconds = [session.seconds for session in found.sessions if session.seconds is not None]
    histogram.record("time per session", seconds, "s")
    return found


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
        requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count))
        burst = clients.budgets.named("burst")
        wait = follower.wait_until_running(f"{count} sessions of the warm-up", requests, burst, burst)
        running = follower.running(requests.ids)
    if len(running) < count:
        if reason := refused_for_users(requests.creations):
            raise Unproven(reason)
        if not requests.refusals and (reason := node_busy.saturated(meter.shares())):
            raise Unproven(f"{reason}; {len(running)} of {count} sessions of the warm-up run")
        raise Unmet(
            f"{count} sessions of the warm-up",
            expected=f"all Running within {burst}",
            actual="; ".join([f"{len(running)} of {count} run", *requests.refusals, *requests.unanswered]),
            timeline=wait.timeline.render(),
            likely=(
                "the product refuses the sessions, for the reason above"
                if requests.refusals
                else "a few simultaneous sessions are too many (see 1.3-1)"
            ),
        )
    release(scenario, requests.ids, f"{count} sessions of the warm-up")


def request_bursts(scenario: Scenario, least: int, count: int, template: str, size: Size) -> None:
    """`count` users request a session each, without waiting for the others; all moments are evidence.

    At least `least` times, and up to MOST_REPEATS times as often until the rate is known to PRECISION, which asks for
    the same whatever the limit is.
    """
    require_room(scenario, count, size)
    bursts, not_gone = list[Burst](), ""
    for number in range(1, MOST_REPEATS * least + 1):
        burst = _request_burst(scenario, number, count, template, size)
        bursts.append(burst)
        attachments.attach_text(f"sessions of burst {number}", burst.describe())
        attachments.attach_csv(f"moments of burst {number}", as_csv(burst.sessions, burst.requests.load.began))
        if not burst.is_whole or Bursts(bursts, least).are_enough or number == MOST_REPEATS * least:
            break
        if not_gone := _release(scenario, burst.requests.ids, f"{count} sessions of burst {number}"):
            break
    scenario.results.put(Bursts(bursts, least, not_gone))


def _release(scenario: Scenario, ids: Sequence[str], subject: str) -> str:
    """Why the sessions are not gone; empty if they are.

    The bursts keep their results, and the clean-up reports sessions that the product does not delete.
    """
    try:
        release(scenario, ids, subject)
    except (Unmet, Unproven) as error:
        return " ".join(str(error).split())
    return ""


def _request_burst(scenario: Scenario, number: int, count: int, template: str, size: Size) -> Burst:
    clients = scenario.clients
    users = [f"perftest{number}" for number in range(1, count + 1)]
    with mutating_calls(clients.cluster) as calls, following(clients) as follower:
        before = clients.api.sessions().ids
        meter = NodeBusyMeter.begin(clients.cluster)
        with opening_desktops(follower, before, {clients.own_user(user) for user in users}):
            requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count))
            follower.own |= set(requests.ids)
            # Samples begin when all is sent: before that they would take the time of the generator.
            with peak_use.recording(clients) as use:
                _wait(follower, requests, f"{count} sessions of burst {number}")
        sessions = follower.moments(requests)
        plane = ControlPlane(pod_starts(sessions), *calls.result())
        return Burst(
            requests,
            sessions,
            clients.budgets.scale,
            meter.shares(),
            follower.source(sessions),
            plane,
            cluster_limits.crowded_out(clients, size, sessions, follower.pods.items())
            or cluster_limits.image_pull(clients, sessions, follower.pods.items())
            or cluster_limits.taken_away(clients, sessions),
            use,
        )


def _wait(follower: SessionFollower, requests: ScheduledRequests, subject: str) -> None:
    if requests.ids:
        burst, start = (follower.clients.budgets.named(name) for name in ("burst", "start"))
        follower.wait_until_running(subject, requests, burst, start)
        follower.wait_for_desktops(requests.ids)
