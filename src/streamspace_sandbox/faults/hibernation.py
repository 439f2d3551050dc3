"""Faults of test 1.4: hibernate and wake."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.pod_volumes import (
    empty_files_from_the_second_time,
    is_replacing,
    on_claims,
    wipe_homes,
)
from streamspace_sandbox.streamspace.api.errors import json_response

ENDPOINTS = "streamspace_sandbox.streamspace.api.endpoints"
TEMPLATES_OWN_MEMORY = "512Mi"
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


def _two_pods_when_woken() -> Patch:
    """A session that was hibernated before has two pods."""
    slept = set[str]()

    def replicas(original: Any, session: Any) -> int:
        name = session["metadata"]["name"]
        if session["spec"]["state"] == "hibernated":
            slept.add(name)
        return int(original(session)) * (2 if name in slept else 1)

    return wrap("streamspace_sandbox.streamspace.agent.objects:replicas", replicas)


async def _wake_with_less(scale: Any, workload: Any, session: Any) -> None:
    """The Deployment of a session that wakes has the size of its template."""
    if session["spec"]["state"] != "hibernated":
        collection, name = workload._collections.deployments, session["metadata"]["name"]
        containers = (await workload._client.find(collection, name))["spec"]["template"]["spec"]["containers"]
        for amounts in containers[0]["resources"].values():
            amounts["memory"] = TEMPLATES_OWN_MEMORY
        await workload._client.patch(collection, name, {"spec": {"template": {"spec": {"containers": containers}}}})
    await scale(workload, session)


def _wake_fails_later(seconds: float) -> list[Patch]:
    """The API wakes a session that has been hibernated for a moment, and answers 500 for one of longer."""
    hibernated: dict[str, float] = {}

    async def hibernate(original: Any, request: Any, services: Any) -> Any:
        hibernated[request.path_params["id"]] = time.monotonic()
        return await original(request, services)

    async def wake(original: Any, request: Any, services: Any) -> Any:
        if time.monotonic() - hibernated.get(request.path_params["id"], time.monotonic()) > seconds:
            return json_response({"error": "internal", "message": "The session's state has expired."}, 500)
        return await original(request, services)

    return [wrap(f"{ENDPOINTS}:hibernate_session", hibernate), wrap(f"{ENDPOINTS}:wake_session", wake)]


def _restore_first_backup(_pod: Any, home: Path) -> None:
    """The home is backed up the first time that its session is woken, and restored from that each later time."""
    starts = home.parent / f"{home.name}.starts"
    count = int(starts.read_text()) if starts.exists() else 0
    starts.write_text(f"{count + 1}")
    backup = home.parent / f"{home.name}.backup"
    if count == 1:
        shutil.copytree(home, backup, symlinks=True)
    elif count > 1:
        shutil.rmtree(home)
        shutil.copytree(backup, home, symlinks=True)


register_fault(
    "files-emptied-on-wake",
    breaks="1.4-5",
    description="The files in the home are empty after a session was woken",
    kubernetes=on_claims(empty_files_from_the_second_time, when=lambda replicaset: not is_replacing(replicaset)),
)
register_fault(
    "wake-fails-later",
    breaks="1.4-3",
    description="A session can be woken within seconds of its hibernation alone; later the API answers 500",
    api=_wake_fails_later(4.0),
)
register_fault(
    "first-backup-restored",
    breaks="1.4-5",
    description="The first wake backs the home up, and every later wake restores that first backup",
    kubernetes=on_claims(_restore_first_backup, when=lambda replicaset: not is_replacing(replicaset)),
)
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
    "less-memory-on-wake",
    breaks="1.4-3",
    description="A woken session has its template's own memory, whatever was requested",
    agent=wrap("streamspace_sandbox.streamspace.agent.workload:Workload.scale", _wake_with_less),
)
register_fault(
    "two-pods-on-wake",
    breaks="1.4-3",
    description="A woken session has two pods",
    agent=_two_pods_when_woken(),
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
    kubernetes=wipe_homes(when=lambda replicaset: not is_replacing(replicaset)),
)
