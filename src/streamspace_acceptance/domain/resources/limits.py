"""The limits of a container: in its pod's specification, and as the kernel enforces them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from streamspace_acceptance.cluster import containers
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.outcomes import NotApplicable

UNLIMITED_BYTES = 2**60  # cgroup v1 writes "no limit" as a number near 2**63

# The container's own cgroup, v2 or v1: below the path that the kernel tells, where the host's hierarchy is to be seen,
# or else at the mount itself, where the container sees no more than its own.
CGROUP_SCRIPT = r"""
path() { sed -n "s#^[0-9]*:\([^:]*,\)\{0,1\}$1\(,[^:]*\)\{0,1\}:##p" /proc/self/cgroup | head -n 1; }
first() { for file in "$@"; do [ -r "$file" ] && { cat "$file"; return; }; done; }
root=/sys/fs/cgroup unified=$(sed -n 's/^0:://p' /proc/self/cgroup) cpu=$(path cpu) memory=$(path memory)
limit_of_memory() {
  first "$root$unified/memory.max" $root/memory.max \
    "$root/memory$memory/memory.limit_in_bytes" $root/memory/memory.limit_in_bytes
}
limit_of_cpu() {
  first "$root$unified/cpu.max" $root/cpu.max && return
  first "$root/cpu$cpu/cpu.cfs_quota_us" $root/cpu/cpu.cfs_quota_us
  first "$root/cpu$cpu/cpu.cfs_period_us" $root/cpu/cpu.cfs_period_us
}
swap() {
  first "$root$unified/memory.swap.max" $root/memory.swap.max
  sed -n 's/^SwapTotal: *//p' /proc/meminfo
}
throttled() {
  first "$root$unified/cpu.stat" $root/cpu.stat "$root/cpu$cpu/cpu.stat" $root/cpu/cpu.stat |
    sed -n 's/^nr_throttled //p'
}
"""


CONFIG_MAP, NO_LIMITS = "streamspace-config", "no-limits"


def require_enforcement(cluster: Cluster) -> None:
    """NotApplicable where an embedded StreamSpace says that its nodes enforce no limits, and why."""
    config = cluster.config_map(CONFIG_MAP)
    if config.get("deployment") == "embedded" and NO_LIMITS in config:
        raise NotApplicable(f"does not apply: the nodes enforce no limits ({config[NO_LIMITS]})")


@dataclass(frozen=True)
class Limits:
    """Cores and bytes; None for what is not limited. `unread` are those that could not be read.

    `swap` are the bytes that the node may swap out for the container beyond its memory.
    """

    cpu: Decimal | None
    memory: Decimal | None
    unread: frozenset[str] = frozenset()
    swap: Decimal = Decimal(0)

    def __str__(self) -> str:
        memory = "any amount of memory" if self.memory is None else in_words(self.memory)
        return f"{_figure(self.cpu)} cores and {memory}"


def of_pod(cluster: Cluster, pod: Pod) -> Limits:
    """The limits of the pod's main container by its specification."""
    for raw in cluster.raw_pods():
        if raw["metadata"]["uid"] == pod.meta.uid:
            given = containers.resources(cluster.main_container(raw).spec, raw["spec"], "limits")
            return Limits(_amount(given, "cpu"), _amount(given, "memory"))
    return Limits(None, None)


def enforced(cluster: Cluster, pod: Pod) -> Limits:
    """The limits that the kernel enforces on the main container, read inside it."""
    script = f"{CGROUP_SCRIPT}\necho memory $(limit_of_memory)\necho cpu $(limit_of_cpu)\necho swap $(swap)"
    output = cluster.execute(pod, ["sh", "-c", script]).stdout
    lines = {words[0]: words[1:] for line in output.splitlines() if (words := line.split())}
    unread = frozenset(name for name in ("cpu", "memory") if not lines.get(name))
    return Limits(_cores(lines.get("cpu", [])), _bytes(lines.get("memory", [])), unread, _swap(lines.get("swap", [])))


def _cores(words: list[str]) -> Decimal | None:
    """`50000 100000`: microseconds in each period; `max` or -1 for no limit."""
    quota, period = (_number(word) for word in (*words, "", "")[:2])
    return quota / period if quota is not None and period and quota > 0 else None


def _bytes(words: list[str]) -> Decimal | None:
    found = _number((*words, "")[0])
    return found if found is not None and found < UNLIMITED_BYTES else None


def _swap(words: list[str]) -> Decimal:
    """`max 8388604 kB`: what the container may have of what the node has; none where nothing says that it may."""
    if len(words) != 3:
        return Decimal(0)
    there = (_number(words[1]) or Decimal(0)) * 1024
    allowed = _number(words[0])
    return there if allowed is None else min(allowed, there)


def _number(word: str) -> Decimal | None:
    try:
        return Decimal(word)
    except InvalidOperation:
        return None


def _amount(given: Mapping[str, str], name: str) -> Decimal | None:
    return amount(given[name]) if name in given else None


def in_words(size: Decimal | int) -> str:
    """A number of bytes as people write it: `1 GiB`, `1.5 GiB`, `256 MiB`, `1000 bytes`."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2)):
        if size >= factor and size * 4 % factor == 0:
            return f"{size / factor:g} {unit}"
    return f"{size:f} bytes"


def _figure(figure: Decimal | None) -> str:
    return "any number of" if figure is None else f"{figure.normalize():f}"
