"""The resource use of StreamSpace's components, of its sessions and of the nodes under one load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import fmean

from streamspace_acceptance.cluster.containers import is_known_neighbour
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod, is_of_a_job
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance import stores
from streamspace_acceptance.domain.performance.session_moments import restarts
from streamspace_acceptance.domain.performance.stores import StoreFigures
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.measuring import node_busy, resource_counters, resource_use
from streamspace_acceptance.measuring.cpu_waiting import CpuWaiting
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.resource_counters import Counter, Source
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.waiting import Budget, Wait

LEAST_SECONDS = 5.0
"""The shortest window: a kubelet samples its counters seconds apart."""
JUDGED = ("API", "agent")
"""The components whose CPU the plan limits."""
SESSION_PODS = "session pods"
SESSIONS_READ_BY_EXEC = 5
ANEW = "a container of it started anew within the window"
"""One counter of several may begin at 0 again without their sum falling, and rates do not show it at all."""


@dataclass(frozen=True)
class LoadProfile:
    """The use of each component's pods over a window under one load.

    `source`: where the counters came from; `passed_over`: why no better source was used. `errors`: what it failed at.
    `busy` is the busy share of each node's processors. `waited`, by pod and in millicores: how long its threads
    were ready to run without a processor. `capped`, by pod and in millicores: its own limit of CPU, where it has one.
    """

    load: str
    window: float
    source: str
    passed_over: str
    uses: Mapping[str, Sequence[PodUse]]
    busy: dict[str, float]
    waited: dict[str, float]
    stores: StoreFigures
    errors: Sequence[str]
    capped: Mapping[str, float] = field(default_factory=dict)

    @property
    def saturated(self) -> str:
        """That the machine itself was the bottleneck, as a part of a sentence; empty when it was not."""
        return node_busy.saturated(self.busy)

    def heaviest(self, component: str, what: str) -> PodUse:
        """The pod of a component that used most of `what`, an attribute of PodUse; Unproven without a valid figure."""
        uses = self.uses.get(component, ())
        if not uses:
            raise Unproven(f"there is no pod of {component} whose use could be recorded")
        troubles = [f"{use.pod}: {use.trouble}" for use in uses if use.trouble]
        if troubles:
            errors = f"; {self.errors[-1]}" if self.errors else ""
            raise Unproven(
                f"the use of {component} {self.load} is not available from {self.source}: {troubles[0]}{errors}"
            )
        return max(uses, key=lambda use: float(getattr(use, what)))

    def table(self) -> str:
        """For the report."""
        lines = [f"{self.load}, over {self.window:.1f} s; from {self.source}"]
        lines += [f"not from a better source: {self.passed_over}"] if self.passed_over else []
        lines.append(
            f"{'component':14} {'pods':>4} {'CPU':>7} {'memory':>9} {'peak':>9} {'in':>11} {'out':>11}  samples"
        )
        lines += [_row(component, uses) for component, uses in self.uses.items()]
        lines.append(node_busy.describe(self.busy))
        lines += [f"{pod} waited for a processor: {waited:.0f}m" for pod, waited in self.waited.items()]
        lines += [f"{name}: {value:.4g}" for name, value in self.stores.numbers.items()]
        lines += [f"{name}: not recorded ({reason})" for name, reason in self.stores.missing.items()]
        lines += [f"an error of the source: {error}" for error in self.errors[:3]]
        return "\n".join(lines)


def profile(clients: Clients, sessions: Sequence[Session], load: str) -> LoadProfile:
    """Records the use of all components and of the sessions' pods over the plan's minute on the target's clock."""
    cluster, label = clients.cluster, clients.profile.session_label
    window = max(clients.budgets.named("profile").seconds, LEAST_SECONDS)
    listed = [pod for pod in cluster.pods() if pod.running]
    parts = component_pods(clients, listed)
    ids = {session.id for session in sessions}
    own = [pod for pod in listed if pod.meta.labels.get(label) in ids]
    components = [pod for pods in parts.values() for pod in pods]
    judged = [pod for component in JUDGED for pod in parts.get(component, ())]
    source, passed_over = resource_counters.choose(cluster, judged)
    own = own[:SESSIONS_READ_BY_EXEC] if isinstance(source, resource_counters.CgroupFiles) else own
    parts |= {SESSION_PODS: own} if own else {}
    meters = _Meters(cluster, parts, judged)
    wait = Wait("StreamSpace's pods", f"the use of resources {load} to be recorded", Budget("profile", window, 1.0))
    with wait.announced():
        wait.note(f"from {'no source' if source is None else source.name}")
        samples, errors = _samples(source, [*components, *own], window)
        wait.end("met")
    again = began_anew(listed, cluster.pods())
    busy, waited, figures = meters.read(window)
    return LoadProfile(
        load=load,
        window=window,
        source="no source" if source is None else source.name,
        passed_over=passed_over,
        uses={
            component: [
                replace(use, trouble=use.trouble or ANEW) if use.pod in again else use
                for use in resource_use.uses({pod.meta.name: samples[pod.meta.name] for pod in pods}, window)
            ]
            for component, pods in parts.items()
        },
        busy=busy,
        waited=waited,
        stores=figures,
        errors=errors or ([passed_over] if source is None else []),
        capped={pod.meta.name: cap for pod in components if (cap := cpu_limit(pod)) is not None},
    )


class _Meters:
    """Readings by exec before and after a window, all at the same time: each call takes a while."""

    def __init__(self, cluster: Cluster, parts: Mapping[str, Sequence[Pod]], judged: Sequence[Pod]) -> None:
        self._stores = partial(stores.read, cluster, parts.get("PostgreSQL", ()), parts.get("Redis", ()))
        with ThreadPoolExecutor(thread_name_prefix="meter") as pool:
            earlier, busy = pool.submit(self._stores), pool.submit(NodeBusyMeter.begin, cluster)
            waiting = pool.submit(CpuWaiting, cluster, judged)
        self._earlier, self._busy, self._waiting = earlier.result(), busy.result(), waiting.result()

    def read(self, window: float) -> tuple[dict[str, float], dict[str, float], StoreFigures]:
        """The busy share of each node, the wait for processors of each judged pod, and the stores' figures."""
        with ThreadPoolExecutor(thread_name_prefix="meter") as pool:
            waited, busy, later = (
                pool.submit(self._waiting.millicores), pool.submit(self._busy.shares), pool.submit(self._stores)
            )  # fmt: skip
        return busy.result(), waited.result(), later.result().since(self._earlier, window)


def component_pods(clients: Clients, pods: Sequence[Pod]) -> dict[str, list[Pod]]:
    """The pods of each component of StreamSpace, without those of Jobs, which work for a while and end."""
    lasting = [pod for pod in pods if not is_of_a_job(pod.object)]
    return {
        component: [pod for pod in lasting if pod.meta.labels.get(key) == value]
        for component, (key, value) in clients.profile.component_labels.items()
    }


def cpu_limit(pod: Pod) -> float | None:
    """The millicores that a pod's own containers may use together; None where one of them has no limit."""
    containers = [entry for entry in pod.object["spec"]["containers"] if not is_known_neighbour(entry["name"])]
    limits = [((entry.get("resources") or {}).get("limits") or {}).get("cpu") for entry in containers]
    return None if not limits or None in limits else float(sum(amount(str(limit)) for limit in limits)) * 1000


def began_anew(before: Sequence[Pod], after: Sequence[Pod]) -> set[str]:
    """The pods, by name, of whose own containers one was started again in between."""
    earlier = {pod.meta.uid: _restarts(pod) for pod in before}
    return {pod.meta.name for pod in after if _restarts(pod) > earlier.get(pod.meta.uid, _restarts(pod))}


def _restarts(pod: Pod) -> int:
    return sum(count for name, count in restarts(pod).items() if not is_known_neighbour(name))


def _samples(source: Source | None, pods: Sequence[Pod], window: float) -> tuple[dict[str, list[Counter]], list[str]]:
    """The samples of each pod, and the errors of the source; none where there is no source."""
    if source is None:
        return {pod.meta.name: [] for pod in pods}, []
    return resource_use.record(source, pods, window)


def _row(component: str, uses: Sequence[PodUse]) -> str:
    """One line: the mean of the pods, and their greatest memory."""
    valid = [use for use in uses if not use.trouble]
    if not valid:
        return f"{component:14} {len(uses):4}  no figure ({uses[0].trouble if uses else 'no pod'})"
    traffic = [_mean([getattr(use, way) for use in valid]) for way in ("received", "sent")]
    return (
        f"{component:14} {len(uses):4} {fmean(use.millicores for use in valid):6.0f}m"
        f" {fmean(use.memory_mean for use in valid):5.0f} MiB {max(use.memory_peak for use in valid):5.0f} MiB"
        f" {traffic[0]:>11} {traffic[1]:>11}  {min(use.samples for use in valid)}"
    )


def _mean(rates: Sequence[float | None]) -> str:
    known = [rate for rate in rates if rate is not None]
    return f"{fmean(known) / 1024:.1f} KiB/s" if known else "-"
