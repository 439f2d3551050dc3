"""Programs in a session that try to exceed its limits, and the resources that they get."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from streamspace_acceptance.cluster.containers import status_of
from streamspace_acceptance.cluster.kubernetes import ClusterError, ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.resources import limits
from streamspace_acceptance.domain.resources.limits import Limits
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet, Unproven

BURN_SECONDS, BUSY_SECONDS = 1, 8  # at the least; and at most, for a machine that is too busy to give more at once
EXEC_SECONDS = 60.0
KILLED = 137
WITHIN_LIMIT, OVER_LIMIT = Decimal("0.25"), Decimal("1.5")  # shares of the memory limit

# What the loops have used is the shell's own account of its children (`times`, POSIX), whatever cgroups there are.
_BURN_SCRIPT = """
began=$(cut -d' ' -f1 /proc/uptime) loops=
for _ in {loops}; do (while :; do :; done) & loops="$loops $!"; done
sleep {seconds}
for _ in {more}; do [ "$(throttled)" = 0 ] && sleep 1; done
kill $loops; wait $loops 2>/dev/null
echo uptime $began $(cut -d' ' -f1 /proc/uptime); echo throttled $(throttled); times
"""
_TIMES = re.compile(r"(\d+)m([\d.,]+)s")
"""`0m0.90s`, or `0m0,90s` by bash in many languages."""


@dataclass(frozen=True)
class CpuLoad:
    """Busy loops: how many cores they got for how long.

    `throttled`: how often the kernel has held back programs of the container since it started, None where it is silent.
    """

    cores: float
    seconds: float
    throttled: int | None

    def __str__(self) -> str:
        held_back = "" if self.throttled is None else f", held back {self.throttled} time{'s'[: self.throttled != 1]}"
        return f"{self.cores:.2f} cores over {self.seconds:.1f} s{held_back}"


@dataclass(frozen=True)
class Allocation:
    """A program that took so many bytes at once: its exit code, None when its whole container was killed with it."""

    size: int
    code: int | None
    said: str

    @property
    def killed(self) -> bool:
        """Whether the program was killed for its memory."""
        return self.code in (None, KILLED)

    def describe(self) -> str:
        """`a program that took 1.5 GiB was killed for it (exit code 137)`."""
        end = "was killed for it" if self.killed else "was not killed"
        code = "its container ended with it" if self.code is None else f"exit code {self.code}"
        return f"a program that took {limits.in_words(self.size)} {end} ({code})"


@dataclass(frozen=True)
class Enforcement:
    """The result of exceeding the limits.

    `was_ready`: whether the pod was Ready before a program took too much. `survived`: why the session does not go on
    afterwards, None if it does.
    """

    session: str
    pod: str
    wanted: Limits
    found: Limits
    burn: CpuLoad
    within_limit: Allocation
    was_ready: bool
    over_limit: Allocation
    survived: Unmet | None

    def describe(self) -> str:
        """For the evidence: what there was to keep to, and what programs got."""
        unread = f" (not readable: {', '.join(sorted(self.found.unread))})" if self.found.unread else ""
        return (
            f"limits of pod {self.pod}: {self.wanted}\n"
            f"limits in the kernel: {self.found}{unread}\n"
            f"busy loops got {self.burn}\n"
            f"{self.within_limit.describe()}\n{self.over_limit.describe()}\n"
        )


def exceed_limits(scenario: Scenario) -> None:
    """Takes CPU time, then a little memory, then too much; Unproven where the pod has no limits to enforce.

    NotApplicable where the target enforces none.
    """
    limits.require_enforcement(scenario.session.cluster)
    session, pod = scenario.session, scenario.lifecycle.pod
    wanted = limits.of_pod(session.cluster, pod)
    if wanted.cpu is None or wanted.memory is None:
        raise Unproven(f"{pod.describe()} is limited to {wanted}, so there is nothing to enforce (see 1.1c-1)")
    enforcement = Enforcement(
        session=session.id,
        pod=pod.meta.name,
        wanted=wanted,
        found=limits.enforced(session.cluster, pod),
        burn=_burn(session, pod, wanted.cpu),
        within_limit=allocate(session, pod, int(wanted.memory * WITHIN_LIMIT)),
        was_ready=any(now.ready for now in session.pods() if now.meta.uid == pod.meta.uid),
        over_limit=allocate(session, pod, int(wanted.memory * OVER_LIMIT)),
        survived=_end_of(session, pod),
    )
    scenario.results.put(enforcement)


def _burn(session: Session, pod: Pod, cores: Decimal) -> CpuLoad:
    loops, more = _words(math.ceil(cores) + 1), _words(BUSY_SECONDS - BURN_SECONDS)
    script = limits.CGROUP_SCRIPT + _BURN_SCRIPT.format(loops=loops, seconds=BURN_SECONDS, more=more)
    return read_cpu_load(session.cluster.execute(pod, ["sh", "-c", script], seconds=EXEC_SECONDS))


def _words(count: int) -> str:
    """As many words as that, for a shell to go through."""
    return " ".join(map(str, range(count)))


def read_cpu_load(done: ExecResult) -> CpuLoad:
    """The CPU load that the script reported; Unproven when the container's shell could not do it."""
    lines = done.stdout.splitlines()
    uptimes = next((line.split()[1:] for line in lines if line.startswith("uptime ")), [])
    counts = next((line.split()[1:] for line in lines if line.startswith("throttled")), [])
    used = _TIMES.findall(lines[-1]) if lines else []
    if len(uptimes) != 2 or len(used) != 2:
        raise Unproven(f"no program could be kept busy in the session: {done.code} {done.stderr.strip()[:200]}")
    seconds = float(uptimes[1]) - float(uptimes[0])
    cores = sum(int(minutes) * 60 + float(rest.replace(",", ".")) for minutes, rest in used) / seconds
    return CpuLoad(cores, seconds, int(counts[0]) if counts else None)


def allocate(session: Session, pod: Pod, size: int) -> Allocation:
    """Has `dd` fill one buffer of that size; it reads zeros and writes to /dev/null."""
    command = ["dd", "if=/dev/zero", "of=/dev/null", f"bs={size}", "count=1"]
    try:
        done = session.cluster.execute(pod, command, seconds=EXEC_SECONDS)
    except ClusterError as error:
        # Newer nodes kill all of a container when one of its processes takes too much (memory.oom.group).
        if _was_out_of_memory(session, pod):
            return Allocation(size, None, "the container was killed for it")
        raise error from None
    return Allocation(size, done.code, " ".join((done.stderr or done.stdout).split())[:200])


def _was_out_of_memory(session: Session, pod: Pod) -> bool:
    for raw in session.cluster.raw_pods(**{session.api.profile.session_label: session.id}):
        status = status_of(raw, session.cluster.main_container(raw).name)
        states = (status.get("state") or {}, status.get("lastState") or {})
        ended = [(state.get("terminated") or {}).get("reason") for state in states]
        if raw["metadata"]["uid"] == pod.meta.uid and "OOMKilled" in ended:
            return True
    return False


def _end_of(session: Session, pod: Pod) -> Unmet | None:
    """Why the session does not go on in the same pod; None if it does."""
    others = session.known_uids() - {pod.meta.uid}
    try:
        session.wait_for_ready_pod(within="restart", other_than=others)
        session.wait_for_status(session.api.profile.statuses["running"], within="restart")
    except Unmet as unmet:
        return unmet
    return None
