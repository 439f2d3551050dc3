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
# or else at the mount itself, where the container sees no more than its own. A desktop with an init system keeps its
# programs in cgroups below the container's: the limits of all that are above them count as well.
CGROUP_SCRIPT = r"""
path() { sed -n "s#^[0-9]*:\([^:]*,\)\{0,1\}$1\(,[^:]*\)\{0,1\}:##p" /proc/self/cgroup | head -n 1; }
first() { for file in "$@"; do [ -r "$file" ] && { cat "$file"; return; }; done; }
root=/sys/fs/cgroup unified=$(sed -n 's/^0:://p' /proc/self/cgroup) cpu=$(path cpu) memory=$(path memory)
each_above() {
  above=$unified
  while :; do
    [ -r "$root$above/$1" ] && cat "$root$above/$1"
    case "$above" in */*) above=${above%/*} ;; *) break ;; esac
  done
}
limit_of_memory() {
  [ -n "$(each_above memory.max)" ] && { each_above memory.max; return; }
  first "$root/memory$memory/memory.limit_in_bytes" $root/memory/memory.limit_in_bytes
}
limit_of_cpu() {
  [ -n "$(each_above cpu.max)" ] && { each_above cpu.max; return; }
  first "$root/cpu$cpu/cpu.cfs_quota_us" $root/cpu/cpu.cfs_quota_us
  first "$root/cpu$cpu/cpu.cfs_period_us" $root/cpu/cpu.cfs_period_us
}
swap() {
  each_above memory.swap.max
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
    """The least of `50000 100000`, microseconds in each period, once or more; `max` or -1 for no limit."""
    pairs = ((_number(quota), _number(period)) for quota, period in zip(words[::2], words[1::2], strict=False))
    return min((quota / period for quota, period in pairs if quota is not None and period and quota > 0), default=None)


def _bytes(words: list[str]) -> Decimal | None:
    """The least of several; `max` for no limit."""
    found = (_number(word) for word in words)
    return min((number for number in found if number is not None and number < UNLIMITED_BYTES), default=None)


def _swap(words: list[str]) -> Decimal:
    """`max 8388604 kB`: what the container may have of what the node has; none where nothing says that it may."""
    *limits, total, _ = words if len(words) > 2 else ["0", "0", "kB"]
    there = (_number(total) or Decimal(0)) * 1024
    return min([there, *(number for limit in limits if (number := _number(limit)) is not None)])


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
