"""The counters of pods: CPU time, memory, network bytes. Read from the first source that answers.

The sources, in their order: the kubelet's summary (needs access to nodes/proxy), the files of the containers' cgroups
(needs exec), metrics.k8s.io (needs a metrics server). The latter two are coarser or cost the container a little time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from streamspace_acceptance.cluster.connection import as_cluster_error
from streamspace_acceptance.cluster.containers import is_known_neighbour
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.quantities import amount

Json = dict[str, Any]

NANO = 1e-9

# The container's own cgroup, v2 or v1, and its network: "name number" a line. CPU in nanoseconds; memory in bytes. The
# kubelet counts a working set without inactive files.
SCRIPT = r"""
path() { sed -n "s#^[0-9]*:\([^:]*,\)\{0,1\}$1\(,[^:]*\)\{0,1\}:##p" /proc/self/cgroup | head -n 1; }
first() { for file in "$@"; do [ -r "$file" ] && { cat "$file"; return; }; done; }
root=/sys/fs/cgroup unified=$(sed -n 's/^0:://p' /proc/self/cgroup) cpu=$(path cpuacct) memory=$(path memory)
echo uptime $(cut -d' ' -f1 /proc/uptime)
echo cpu $(first "$root/cpuacct$cpu/cpuacct.usage" $root/cpuacct/cpuacct.usage)
echo usec $(first "$root$unified/cpu.stat" $root/cpu.stat | sed -n 's/^usage_usec //p')
echo memory $(first "$root$unified/memory.current" $root/memory.current \
  "$root/memory$memory/memory.usage_in_bytes" $root/memory/memory.usage_in_bytes)
echo swap $(first "$root$unified/memory.swap.current" $root/memory.swap.current)
echo inactive $(first "$root$unified/memory.stat" $root/memory.stat \
  "$root/memory$memory/memory.stat" $root/memory/memory.stat |
  sed -n 's/^\(total_\)\{0,1\}inactive_file //p' | tail -n 1)
sed -n 's/^ *eth0: *\([0-9]*\)\( *[0-9]*\)\{7\} *\([0-9]*\).*/network \1 \3/p' /proc/net/dev
"""


@dataclass(frozen=True)
class Counter:
    """The counters of a pod at one moment, `at` seconds of the source's own clock.

    `cpu_seconds` rises for as long as the pod's containers run; `cores` is a rate that a source gives instead. The
    bytes are those since the pod's start, None where the source does not count them.
    """

    at: float
    memory_bytes: float
    cpu_seconds: float | None = None
    cores: float | None = None
    received_bytes: int | None = None
    sent_bytes: int | None = None


class Source(Protocol):
    """Where counters come from: its name for the report, and how often it is worth asking, in seconds."""

    name: str
    every: float

    def read(self, pods: Sequence[Pod]) -> dict[str, Counter]:
        """The counters of those pods, by name, as far as there are any; ClusterError without an answer."""
        ...


class KubeletSummary:
    """The kubelet's own summary, of each node with one of the pods."""

    name = "the kubelet's summary"
    every = 1.0

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self, pods: Sequence[Pod]) -> dict[str, Counter]:
        """One request for each node."""
        nodes = sorted({pod.node for pod in pods if pod.node is not None})
        wanted = {pod.meta.uid: pod for pod in pods}
        return _merged([partial(self._of_node, node, wanted) for node in nodes])

    def _of_node(self, node: str, wanted: Mapping[str, Pod]) -> dict[str, Counter]:
        path = f"/api/v1/nodes/{node}/proxy/stats/summary"
        body = self._cluster.raw(path)
        with as_cluster_error(path):
            entries = [
                entry | {"containers": _lasting(wanted[uid], entry.get("containers") or ())}
                for entry in json.loads(body)["pods"]
                if (uid := entry["podRef"]["uid"]) in wanted
            ]
            return {entry["podRef"]["name"]: summary_counter(entry) for entry in entries if _counts(entry)}


class CgroupFiles:
    """The files of each container's cgroup, read inside it. Only a pod's first container is read."""

    name = "cgroup files, read by exec"
    every = 5.0

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self, pods: Sequence[Pod]) -> dict[str, Counter]:
        """One command in each pod."""
        return _merged([partial(self._of_pod, pod) for pod in pods])

    def _of_pod(self, pod: Pod) -> dict[str, Counter]:
        return {pod.meta.name: cgroup_counter(self._cluster.execute(pod, ["sh", "-c", SCRIPT]).stdout)}


class MetricsApi:
    """metrics.k8s.io, which gives rates over a window of its own."""

    name = "metrics.k8s.io"
    every = 1.0

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self, pods: Sequence[Pod]) -> dict[str, Counter]:
        """One request for all pods of the namespace."""
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{self._cluster.namespace}/pods"
        body, wanted = self._cluster.raw(path), {pod.meta.name: pod for pod in pods}
        with as_cluster_error(path):
            entries = [
                entry | {"containers": _lasting(wanted[name], entry["containers"])}
                for entry in json.loads(body)["items"]
                if (name := entry["metadata"]["name"]) in wanted
            ]
            return {entry["metadata"]["name"]: metrics_counter(entry) for entry in entries}


def _merged(parts: Sequence[Callable[[], dict[str, Counter]]]) -> dict[str, Counter]:
    """The counters of all parts that have any; ClusterError when none has, and each part failed.

    A node or a pod that does not answer takes nothing from the figures of the others.
    """
    found, errors = dict[str, Counter](), list[ClusterError]()
    for part in parts:
        try:
            found |= part()
        except ClusterError as error:
            errors.append(error)
    if errors and len(errors) == len(parts):
        raise errors[-1]
    return found


def choose(cluster: Cluster, pods: Sequence[Pod]) -> tuple[Source | None, str]:
    """The first source that has counters of all of `pods`, and why those before it have not."""
    reasons = list[str]()
    for source in (KubeletSummary(cluster), CgroupFiles(cluster), MetricsApi(cluster)):
        try:
            found = source.read(pods)
        except ClusterError as error:
            reasons.append(f"{source.name}: {' '.join(str(error).split())[:160]}")
            continue
        missing = [pod.meta.name for pod in pods if pod.meta.name not in found]
        if not missing:
            return source, "; ".join(reasons)
        reasons.append(f"{source.name}: nothing about {', '.join(missing[:3])}")
    return None, "; ".join(reasons)


def _lasting(pod: Pod, containers: Sequence[Json]) -> Sequence[Json]:
    """Those that the pod was made with, without ephemeral ones: somebody who looks for an error puts these beside."""
    spec = pod.object["spec"]
    names = {container["name"] for kind in ("containers", "initContainers") for container in spec.get(kind) or ()}
    return [container for container in containers if container.get("name") in names] or containers


def _own(containers: Sequence[Json]) -> Sequence[Json]:
    """The containers of a pod without those that a mesh or another injector added: their use is not the product's."""
    return [container for container in containers if not is_known_neighbour(container.get("name", ""))] or containers


def _counts(entry: Json) -> bool:
    """Whether a pod of the summary has its counters yet: those of a new container come a little later."""
    containers = _own(entry.get("containers") or ())
    return bool(containers) and all(
        "usageCoreNanoSeconds" in (container.get("cpu") or {}) and "workingSetBytes" in (container.get("memory") or {})
        for container in containers
    )


def summary_counter(entry: Json) -> Counter:
    """The counters of a pod in a kubelet's summary; KeyError or ValueError for anything else."""
    containers, network = _own(entry["containers"]), entry.get("network") or {}
    return Counter(
        at=max(datetime.fromisoformat(container["cpu"]["time"]).timestamp() for container in containers),
        memory_bytes=sum(int(container["memory"]["workingSetBytes"]) + _swapped(container) for container in containers),
        cpu_seconds=sum(int(container["cpu"]["usageCoreNanoSeconds"]) for container in containers) * NANO,
        received_bytes=network.get("rxBytes"),
        sent_bytes=network.get("txBytes"),
    )


def _swapped(container: Json) -> int:
    """The memory of a container that its node has moved to swap space."""
    return int((container.get("swap") or {}).get("swapUsageBytes") or 0)


def cgroup_counter(output: str) -> Counter:
    """The counters that the script told; ClusterError when CPU or memory are not among them."""
    entries: Mapping[str, list[str]] = {words[0]: words[1:] for line in output.splitlines() if (words := line.split())}
    with as_cluster_error("cgroup files"):
        nanoseconds = int(entries["cpu"][0]) if entries["cpu"] else int(entries["usec"][0]) * 1000
        inactive = int((*entries["inactive"], "0")[0])
        received, sent = map(int, entries["network"]) if "network" in entries else (None, None)
        return Counter(
            at=float(entries["uptime"][0]),
            memory_bytes=max(int(entries["memory"][0]) - inactive, 0) + int((*entries.get("swap", ()), "0")[0]),
            cpu_seconds=nanoseconds * NANO,
            received_bytes=received,
            sent_bytes=sent,
        )


def metrics_counter(entry: Json) -> Counter:
    """The usage of a pod in metrics.k8s.io; KeyError or ValueError for anything else."""
    usages = [container["usage"] for container in _own(entry["containers"])]
    return Counter(
        at=datetime.fromisoformat(entry["timestamp"]).timestamp(),
        memory_bytes=float(sum(amount(usage["memory"]) for usage in usages)),
        cores=float(sum(amount(usage["cpu"]) for usage in usages)),
    )
