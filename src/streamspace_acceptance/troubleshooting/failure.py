"""Collection of evidence after a scenario failed, before its cleanups remove it."""

from __future__ import annotations

from functools import partial

from streamspace_acceptance.troubleshooting import causes
from streamspace_acceptance.troubleshooting.causes import Cause
from streamspace_acceptance.troubleshooting.collector import attach
from streamspace_acceptance.troubleshooting.collectors import COLLECTORS
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, Unavailable, attempt, known
from streamspace_acceptance.world import World

CAUSE = "likely cause.txt"


def collect(world: World) -> list[Cause]:
    """Attach the causes that were seen and every kind of evidence; return the causes."""
    snapshot = ClusterSnapshot(world)
    seen = attempt(lambda: causes.find(snapshot.cause_inputs()))
    attach(CAUSE, seen, causes.as_text)
    for collector in COLLECTORS:
        trouble = attempt(partial(collector, snapshot))
        if isinstance(trouble, Unavailable):
            attach(f"{getattr(collector, '__name__', collector)}.txt", trouble)
    return known(seen) or []
