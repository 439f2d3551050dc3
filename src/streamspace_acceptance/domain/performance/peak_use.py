"""The peak use of StreamSpace's components while something goes on: the plan's "Peak resource usage" of a burst."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance.load_profile import JUDGED, component_pods
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import resource_counters
from streamspace_acceptance.measuring.resource_counters import Counter, Source
from streamspace_acceptance.measuring.resource_use import MIB
from streamspace_acceptance.recording import Recording, sampling

LEAST_SECONDS = 2.0
"""From one sample to the next, at the least: the burst is what is measured, and a sample takes the cluster's time."""
Sample = Mapping[str, Counter] | ClusterError


@dataclass
class PeakUse:
    """The samples of each component's pods, by pod; `source` says from where they are, or why there are none."""

    source: str
    pods: Mapping[str, Sequence[str]] = field(default_factory=dict)
    samples: Recording[Sample] | None = None

    @property
    def figures(self) -> list[Figure]:
        """The greatest CPU between two samples, and the greatest memory, of the pod of a component that used most."""
        items = () if self.samples is None else self.samples.items()
        taken = [stamped.item for stamped in items if isinstance(stamped.item, Mapping)]
        found = list[Figure]()
        for component, names in self.pods.items():
            counters = [[sample[name] for sample in taken if name in sample] for name in names]
            cores = [rate for series in counters for rate in rates(series)]
            memory = [counter.memory_bytes for series in counters for counter in series]
            found += [Figure(f"{component} CPU (peak)", 1000 * max(cores), "millicores")] if cores else []
            found += [Figure(f"{component} memory (peak)", max(memory) / MIB, "MiB")] if memory else []
        return found

    def describe(self) -> str:
        """For the report."""
        figures = ", ".join(map(str, self.figures)) or "none"
        return f"peak use while sessions start: {figures} (from {self.source})"


def rates(counters: Sequence[Counter]) -> list[float]:
    """Cores between each two samples that differ, or those that the source itself tells."""
    told = [counter.cores for counter in counters if counter.cores is not None]
    known = [(counter.at, counter.cpu_seconds) for counter in counters if counter.cpu_seconds is not None]
    between = [
        (total - earlier) / (at - earlier_at)
        for (earlier_at, earlier), (at, total) in itertools.pairwise(known)
        if at > earlier_at and total >= earlier
    ]
    return [*told, *between]


@contextmanager
def recording(clients: Clients) -> Iterator[PeakUse]:
    """Samples from now on, until the context ends."""
    parts = component_pods(clients, [pod for pod in clients.cluster.pods() if pod.running])
    pods = [pod for members in parts.values() for pod in members]
    judged = [pod for component in JUDGED for pod in parts.get(component, ())]
    source, passed_over = resource_counters.choose(clients.cluster, judged)
    if source is None:
        yield PeakUse(f"no source: {passed_over}")
        return
    names = {component: [pod.meta.name for pod in members] for component, members in parts.items()}
    every = max(source.every, LEAST_SECONDS)
    with sampling(lambda: _read(source, pods), every=every, what="use of resources") as samples:
        yield PeakUse(f"{source.name}, each {every:g} s", names, samples)


def _read(source: Source, pods: Sequence[Pod]) -> Sample:
    try:
        return source.read(pods)
    except ClusterError as error:
        return error
