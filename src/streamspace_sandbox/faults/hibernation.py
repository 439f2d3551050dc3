"""Faults of test 1.4: hibernate and wake."""

from dataclasses import replace
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.pod_volumes import wipe_homes

HIBERNATION_PHASES = ("Hibernating", "Hibernated", "Waking")


def _do_not_scale(wanted: int) -> Patch:
    """The agent leaves a Deployment unchanged that should have `wanted` replicas."""

    async def scale_unless(scale: Any, workload: Any, session: Any) -> None:
        hibernated = session["spec"]["state"] == "hibernated"
        if (0 if hibernated else 1) != wanted:
            await scale(workload, session)

    return wrap("streamspace_sandbox.streamspace.agent.workload:Workload.scale", scale_unless)


def _report_instead(phase: str, wrong: str, *, after: tuple[str, ...] | None = None) -> Patch:
    """The agent reports `wrong` for `phase`; with `after`, only when the phase before was one of those."""

    def observe_wrongly(observe: Any, name: Any, session: Any, pods: Any, before: str, **options: Any) -> Any:
        observed = observe(name, session, pods, before, **options)
        applies = observed.phase == phase and (after is None or before in after)
        return replace(observed, phase=wrong) if applies else observed

    return wrap("streamspace_sandbox.streamspace.agent.observation:observe", observe_wrongly)


register_fault(
    "pod-stays-on-hibernation",
    breaks="1.4-1",
    description="A hibernated session keeps its pod, although its status is Hibernated",
    agent=[_do_not_scale(0), _report_instead("Hibernating", "Hibernated")],
)
register_fault(
    "never-hibernated",
    breaks="1.4-2",
    description="A session that is hibernated stays Hibernating",
    agent=_report_instead("Hibernated", "Hibernating"),
)
register_fault(
    "no-pod-on-wake",
    breaks="1.4-3",
    description="A woken session gets no pod, although its status is Running",
    agent=[_do_not_scale(1), _report_instead("Waking", "Running")],
)
register_fault(
    "stays-waking",
    breaks="1.4-4",
    description="A woken session stays Waking",
    agent=_report_instead("Running", "Waking", after=HIBERNATION_PHASES),
)
register_fault(
    "home-lost-on-wake",
    breaks="1.4-5",
    description="The storage empties the home when a session is woken",
    kubernetes=wipe_homes(when=lambda replicaset: not replicaset["status"].get("replicas")),
)
