"""Faults of test 1.4: a session sleeps and wakes."""

from dataclasses import replace
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.pod_volumes import wipe_homes

ASLEEP = ("Hibernating", "Hibernated", "Waking")


def _do_not_scale(wanted: int) -> None:
    """Leave Deployments as they are when they should have `wanted` replicas."""

    def make(scale: Any) -> Any:
        async def scale_unless(workload: Any, session: Any) -> None:
            hibernated = session["spec"]["state"] == "hibernated"
            if (0 if hibernated else 1) != wanted:
                await scale(workload, session)

        return scale_unless

    wrap("streamspace_sandbox.streamspace.agent.workload:Workload._scale", make)


def _see(seen: str, instead: str, *, after: tuple[str, ...] | None = None) -> None:
    """Report phase `instead` where `seen` is true; with `after`, only when the phase before was one of those."""

    def make(observe: Any) -> Any:
        def observe_wrongly(name: Any, session: Any, pods: Any, before: str) -> Any:
            found = observe(name, session, pods, before)
            wrong = found.phase == seen and (after is None or before in after)
            return replace(found, phase=instead) if wrong else found

        return observe_wrongly

    wrap("streamspace_sandbox.streamspace.agent.observation:observe", make)


def _keep_the_pod() -> None:
    _do_not_scale(0)
    _see("Hibernating", "Hibernated")


def _never_say_hibernated() -> None:
    _see("Hibernated", "Hibernating")


def _wake_without_pod() -> None:
    _do_not_scale(1)
    _see("Waking", "Running")


def _stay_waking() -> None:
    _see("Running", "Waking", after=ASLEEP)


def _empty_home_on_wake() -> None:
    wipe_homes(when=lambda replicaset: not replicaset["status"].get("replicas"))


register_fault(
    "pod-stays-on-hibernation",
    breaks="1.4-1",
    description="A hibernated session keeps its pod, whatever its status says",
    agent=_keep_the_pod,
)
register_fault(
    "never-hibernated",
    breaks="1.4-2",
    description="A session that is put to sleep stays Hibernating",
    agent=_never_say_hibernated,
)
register_fault(
    "no-pod-on-wake",
    breaks="1.4-3",
    description="A woken session gets no pod, whatever its status says",
    agent=_wake_without_pod,
)
register_fault(
    "stays-waking",
    breaks="1.4-4",
    description="A woken session stays Waking",
    agent=_stay_waking,
)
register_fault(
    "home-lost-on-wake",
    breaks="1.4-5",
    description="The home is emptied when a session is woken",
    kubernetes=_empty_home_on_wake,
)
