"""Bursts of creations: every moment of every session, and the rate at which they came to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from streamspace_acceptance.domain.performance.peak_use import PeakUse
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, table
from streamspace_acceptance.domain.performance.session_troubles import QUOTA
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.domain.sessions.unknown_users import refused_for_users
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.measuring.control_plane import ControlPlane
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.measuring.rate import Rate

PRECISION = 0.2
"""Half of the rate's interval, as a share of the rate, with which no further burst is asked for."""


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
        return (
            not (requests.refusals or requests.unanswered or requests.shared or self.never_ran)
            and self.rate is not None
        )

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
    def shared(self) -> list[str]:
        """The sessions that were given to several requests, in a sentence each."""
        return [sentence for burst in self.bursts for sentence in burst.requests.shared]

    @property
    def strangers(self) -> list[str]:
        """The sessions that the list shows as another user's, in a sentence each."""
        return [sentence for burst in self.bursts for sentence in burst.requests.strangers]

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
