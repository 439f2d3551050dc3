"""The resource use of pods over a window, computed from samples of their counters."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.measuring.resource_counters import Counter, Source

MIB = 1024**2
COVERED = 0.5
"""The share of the window that the first and the last sample of a counter must span, at the least."""
SELDOM_SECONDS = 5.0
"""From one sample to the next: a kubelet or a metrics server may look each 10 or 15 s."""
STALE_SECONDS = 60.0
"""The first sample may be so much older than the window. A longer span is that of a clock that was set meanwhile."""


@dataclass(frozen=True)
class PodUse:
    """The use of one pod over a window: CPU as a mean, memory as mean and peak, network bytes each second.

    `trouble`: why there is no figure of CPU; empty where there is one. `samples` is the number of different samples.
    """

    pod: str
    millicores: float
    memory_mean: float
    memory_peak: float
    received: float | None
    sent: float | None
    samples: int
    span: float
    trouble: str = ""


def record(
    source: Source, pods: Sequence[Pod], seconds: float, clock: Clock = SYSTEM_CLOCK
) -> tuple[dict[str, list[Counter]], list[str]]:
    """Samples of each pod's counters over `seconds`, by the pod's name, and the errors of the source meanwhile."""
    samples: dict[str, list[Counter]] = {pod.meta.name: [] for pod in pods}
    errors, end = list[str](), clock.now() + seconds
    while True:
        asked = clock.now()
        try:
            for name, counter in source.read(pods).items():
                if not samples[name] or counter.at > samples[name][-1].at:
                    samples[name].append(counter)
        except ClusterError as error:
            errors.append(" ".join(str(error).split()))
        if asked >= end:
            return samples, errors
        clock.wait(max(min(asked + source.every, end) - clock.now(), 0.0))


def use_of(pod: str, samples: Sequence[Counter], window: float) -> PodUse:
    """The use of a pod, from its samples in the order of their times, over a window of so many seconds."""
    if not samples:
        return PodUse(pod, 0.0, 0.0, 0.0, None, None, 0, 0.0, "the source has nothing about it")
    samples = _taken_within(samples, window)
    memory = [sample.memory_bytes for sample in samples]
    first, last = samples[0], samples[-1]
    span = last.at - first.at
    trouble = _trouble(samples, span, window)
    return PodUse(
        pod=pod,
        millicores=0.0 if trouble else _millicores(samples, span),
        memory_mean=fmean(memory) / MIB,
        memory_peak=max(memory) / MIB,
        received=_rate(first.received_bytes, last.received_bytes, span),
        sent=_rate(first.sent_bytes, last.sent_bytes, span),
        samples=len(samples),
        span=span,
        trouble=trouble,
    )


def _taken_within(samples: Sequence[Counter], window: float) -> Sequence[Counter]:
    """Counters of a source that looks seldom, without the first sample where the others span enough.

    Such a source took it before the window, when the load before this one may still have lasted. Its own clock does not
    tell.
    """
    later = samples[1:] if samples[0].cpu_seconds is not None else ()
    if len(later) < 2 or later[0].at - samples[0].at < SELDOM_SECONDS or later[-1].at - later[0].at < COVERED * window:
        return samples
    return later


def uses(samples: Mapping[str, Sequence[Counter]], window: float) -> list[PodUse]:
    """The use of each pod."""
    return [use_of(pod, counters, window) for pod, counters in samples.items()]


def _trouble(samples: Sequence[Counter], span: float, window: float) -> str:
    totals = [sample.cpu_seconds for sample in samples if sample.cpu_seconds is not None]
    if any(later < earlier for earlier, later in itertools.pairwise(totals)):
        return "its counter fell: a container started anew within the window"
    if span < COVERED * window:
        return f"its samples span {span:.1f} s of {window:.1f} s"
    if span > window + STALE_SECONDS:
        return f"its samples span {span:.1f} s of {window:.1f} s: the source's clock was set meanwhile"
    return ""


def _millicores(samples: Sequence[Counter], span: float) -> float:
    first, last = samples[0].cpu_seconds, samples[-1].cpu_seconds
    if first is None or last is None:
        # The first rate is that of a time before the window.
        return fmean(sample.cores or 0.0 for sample in samples[1:]) * 1000
    return (last - first) / span * 1000


def _rate(first: int | None, last: int | None, span: float) -> float | None:
    return None if first is None or last is None or span <= 0 else max(last - first, 0) / span
