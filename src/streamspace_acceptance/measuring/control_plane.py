"""Kubernetes' own objectives, measured while sessions start: how fast pods start, and how fast changes are answered.

They are those of its SLOs (sig-scalability): pods start within 5 s, mutating calls are answered within 1 s, each as the
99th percentile and in real seconds, whatever the target's time scale. A cluster that does not keep them is not one on
which a product can be called slow.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.rights import ReviewProbe
from streamspace_acceptance.measuring.distribution import percentile
from streamspace_acceptance.recording import Recording, sampling

POD_START_SECONDS, CALL_SECONDS = 5.0, 1.0
SHARE = 0.99
REVIEW_SECONDS = 0.5
"""From one review of the suite's to the next."""
_BUCKET = re.compile(r"^apiserver_request_(sli_)?duration_seconds_bucket\{(.*)\} (\S+)$", re.M)
"""Kubernetes' own indicator (`sli`) leaves out the time of webhooks, which may be the product's own."""
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_MUTATING = {"POST", "PUT", "PATCH", "DELETE"}
_SCOPES = {"resource", "namespace", "cluster"}


@dataclass(frozen=True)
class ControlPlane:
    """`starts`: seconds from the first report of each pod until its containers ran, by the watch; the image was there.

    `call` is how long mutating calls took (99th percentile), None where `source` says why that is not known.
    """

    starts: Sequence[float]
    call: float | None
    source: str

    @property
    def start(self) -> float | None:
        """How long pods took to start (99th percentile); None where none did."""
        return percentile(self.starts, SHARE) if self.starts else None

    @property
    def outside(self) -> str:
        """Which of its objectives the cluster does not keep, as a part of a sentence; empty if it keeps them."""
        pods = f"pods start in {self.start:.1f} s ({POD_START_SECONDS:g} s)" if self._slow_pods else ""
        calls = f"mutating calls take {self.call:.2f} s ({CALL_SECONDS:g} s)" if self._slow_calls else ""
        slow = " and ".join(filter(None, (pods, calls)))
        return f"the cluster does not keep Kubernetes' own objectives: {slow}" if slow else ""

    @property
    def _slow_pods(self) -> bool:
        return self.start is not None and self.start > POD_START_SECONDS

    @property
    def _slow_calls(self) -> bool:
        return self.call is not None and self.call > CALL_SECONDS

    def describe(self) -> str:
        """For the report, beside the objectives."""
        start = "no pod started" if self.start is None else f"pods started in {self.start:.2f} s"
        call = "unknown" if self.call is None else f"{self.call:.3f} s"
        return (
            f"Kubernetes' own objectives (99th percentiles): {start}, by the watch of pods ({POD_START_SECONDS:g} s"
            f" allowed); mutating calls took {call}, by {self.source} ({CALL_SECONDS:g} s allowed)"
        )


@dataclass
class MutatingCalls:
    """How long mutating calls take: by the API server's own counters, else by reviews that the suite asks for."""

    cluster: Cluster
    reviews: Recording[float | ClusterError]
    before: Mapping[float, float] = field(default_factory=dict)
    why_not: str = ""

    def result(self) -> tuple[float | None, str]:
        """(99th percentile in seconds, its source); None with the reason."""
        try:
            if not self.why_not and (found := quantile(self.before, _read(self.cluster))) is not None:
                return found, "the API server's counters"
        except ClusterError as error:
            self.why_not = _reason(error)
        answers = [review.item for review in self.reviews.items()]
        times = [answer for answer in answers if isinstance(answer, float)]
        if not times:
            return None, "; ".join([self.why_not, *(str(answer) for answer in answers[-1:])])
        return percentile(times, SHARE), f"{len(times)} reviews of this user's rights ({self.why_not or 'no calls'})"


@contextmanager
def mutating_calls(cluster: Cluster) -> Iterator[MutatingCalls]:
    """Measures from now on. Without counters and reviews there is no figure, but a reason."""
    before, why_not = dict[float, float](), ""
    try:
        before = _read(cluster)
        why_not = "" if before else "the API server has no such counters"
    except ClusterError as error:
        why_not = _reason(error)
    probe = ReviewProbe(cluster)
    with sampling(probe.seconds_or_error, every=REVIEW_SECONDS, what="reviews") as answers:
        yield MutatingCalls(cluster, answers, before, why_not)


def _reason(error: ClusterError) -> str:
    return f"the API server's counters: {' '.join(str(error).split())[:80]}"


def counts(text: str) -> dict[float, float]:
    """{upper bound in seconds: calls that took at most that} over all mutating calls, of the text of `/metrics`."""
    found: dict[float, float] = defaultdict(float)
    buckets = _BUCKET.findall(text)
    newest = any(indicator for indicator, _, _ in buckets)
    for labels, value in [(labels, value) for indicator, labels, value in buckets if bool(indicator) is newest]:
        known = dict(_LABEL.findall(labels))
        if known.get("verb") in _MUTATING and known.get("scope") in _SCOPES and not known.get("subresource"):
            found[float(known["le"].replace("+Inf", "inf"))] += float(value)
    return found


def quantile(before: Mapping[float, float], after: Mapping[float, float]) -> float | None:
    """The bound below which 99 of 100 of the calls in between were; None where there were none."""
    made = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    total = made.get(math.inf, 0.0)
    return next((bound for bound, count in made.items() if count >= SHARE * total), None) if total > 0 else None


def _read(cluster: Cluster) -> dict[float, float]:
    return counts(cluster.raw("/metrics").decode("utf-8", "replace"))
