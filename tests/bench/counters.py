"""CPU and memory of a pod, against a burner that tells its own time, and one that holds a known block."""

from __future__ import annotations

import re
import threading
from statistics import fmean

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.measuring import resource_counters
from streamspace_acceptance.measuring.resource_counters import Counter, Source
from streamspace_acceptance.measuring.resource_use import MIB, record, use_of
from tests.bench.figure import BenchFigure
from tests.bench.product import one_session

IDLE_SECONDS, HELD_SECONDS = 6.0, 12.0
BLOCK_MIB = 200
# Counts for a while, then tells the time that it and its children took, by the kernel's account of processes.
BURNER = "i=0; while [ $i -lt 3000000 ]; do i=$((i+1)); done; times"
HOLDER = f"(head -c {BLOCK_MIB * MIB} /dev/zero; sleep {{}}) | tail -c {BLOCK_MIB * MIB} >/dev/null"
_TIME = re.compile(r"(\d+)m([\d.]+)s")
CALL_SECONDS = 120.0


def errors() -> list[BenchFigure]:
    """The errors in percent, for each source that answers."""
    with one_session() as session:
        pod = session.pods()[0]
        sources = [kind(session.cluster) for kind in (resource_counters.KubeletSummary, resource_counters.CgroupFiles)]
        return [figure for source in sources for figure in (_cpu(session, pod, source), _memory(session, pod, source))]


def _cpu(session: Session, pod: Pod, source: Source) -> BenchFigure:
    """The rise of the counter over a burner, less the desktop's own, beside the burner's own account."""
    idle = _idle(session, pod)
    before = _settled(source, pod)
    said = session.cluster.execute(pod, ["sh", "-c", BURNER], seconds=CALL_SECONDS).stdout
    after = _settled(source, pod)
    spent = sum(60 * int(minutes) + float(seconds) for minutes, seconds in _TIME.findall(said))
    own = min(idle, _idle(session, pod)) * (after.at - before.at)
    found = (after.cpu_seconds or 0.0) - (before.cpu_seconds or 0.0) - own
    detail = f"{source.name}: {found:.2f} s, the burner itself {spent:.2f} s"
    return BenchFigure("CPU of a known burner: error", 100 * abs(found - spent) / spent, 3, "%", detail)


def _idle(session: Session, pod: Pod) -> float:
    """The processors that the desktop itself uses, by the source that takes the pod nothing."""
    source = resource_counters.KubeletSummary(session.cluster)
    return use_of(pod.meta.name, record(source, [pod], IDLE_SECONDS)[0][pod.meta.name], IDLE_SECONDS).millicores / 1000


def _memory(session: Session, pod: Pod, source: Source) -> BenchFigure:
    """The rise of the working set while a block is held."""
    before = _settled(source, pod).memory_bytes
    command = ["sh", "-c", HOLDER.format(int(HELD_SECONDS))]
    holder = threading.Thread(
        target=session.cluster.execute, args=(pod, command), kwargs={"seconds": CALL_SECONDS}, daemon=True
    )
    holder.start()
    samples = record(source, [pod], HELD_SECONDS)[0][pod.meta.name]
    holder.join()
    held = fmean(sorted(sample.memory_bytes for sample in samples)[-3:])
    found = (held - before) / MIB
    detail = f"{source.name}: {found:.0f} MiB of {BLOCK_MIB} MiB"
    return BenchFigure("memory of a known block: error", 100 * abs(found - BLOCK_MIB) / BLOCK_MIB, 5, "%", detail)


def _settled(source: Source, pod: Pod) -> Counter:
    """A sample that was taken after this call."""
    first = source.read([pod])[pod.meta.name]
    samples = record(source, [pod], max(2 * source.every, 2.0))[0][pod.meta.name]
    return next((sample for sample in samples if sample.at > first.at), samples[-1])
