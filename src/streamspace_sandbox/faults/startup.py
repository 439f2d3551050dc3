"""Faults of test 1.1b: session startup time."""

import asyncio
import itertools
import time
from dataclasses import replace
from typing import Any

from streamspace_sandbox.faults import patching
from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap

SLOW_SECONDS = 7.0
"""Just more than the plan's 60 s at the default time scale, and far less than the 120 s that a start may take."""

# Perl is essential on Debian, so every machine has it, and the session's user may read it.
MUTE_SERVER = """
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(LocalPort => $ENV{VNC_PORT}, Listen => 64, ReuseAddr => 1) or die $!;
my @open;
while (my $client = $server->accept) { push @open, $client }
"""


def _never_running(resolve: Any, desired: str, phase: str) -> str:
    status: str = resolve(desired, phase)
    return "Pending" if status == "Running" else status


async def _create_late(create: Any, *arguments: Any) -> Any:
    await asyncio.sleep(SLOW_SECONDS)
    return await create(*arguments)


def _desktops_never_ready(set_ready: Any, prober: Any, ready: bool) -> None:
    set_ready(prober, ready and prober._spec["name"] != "desktop")


def _is_running(pod: Any) -> bool:
    containers = pod.get("status", {}).get("containerStatuses", [])
    leaving = "deletionTimestamp" in pod["metadata"]
    return bool(containers) and not leaving and all("running" in container["state"] for container in containers)


def _find_mute_desktop(find: Any, reference: str) -> Any:
    image = find(reference)
    return replace(image, argv=["perl", "-e", MUTE_SERVER]) if reference.startswith("streamspace/") else image


register_fault(
    "never-running",
    breaks="1.1b-1",
    description="The API never reports a session as Running",
    api=wrap("streamspace_sandbox.streamspace.api.sessions:resolve", _never_running),
)
register_fault(
    "slow-start",
    breaks="1.1b-2",
    description=f"The agent waits {SLOW_SECONDS:g} s before it creates a session's pod",
    agent=wrap("streamspace_sandbox.streamspace.agent.workload:Workload.create", _create_late),
)
register_fault(
    "never-ready",
    breaks="1.1b-3",
    description="No session's pod becomes Ready, and the agent takes a running container for a running session",
    kubernetes=wrap("streamspace_sandbox.kubernetes.kubelet.prober:Prober._set_ready", _desktops_never_ready),
    agent=patching.replace("streamspace_sandbox.streamspace.agent.observation:is_ready", _is_running),
)
register_fault(
    "mute-vnc-server",
    breaks="1.1b-4",
    description="The process that listens on the VNC port of a session's pod does not speak RFB",
    kubernetes=wrap("streamspace_sandbox.control_plane.images:find", _find_mute_desktop),
)


READY_SECONDS = 1.5
ALL_BUT_ONE = (0.0, 7.5, 7.5, 7.5, 7.5)
"""Seconds by which one start after the other is late: each is in time, and the mean of five is not."""
A_LITTLE = 3.0


def _late_by(*seconds: float) -> Patch:
    """The agent waits before it creates a session's pod, for each start as long as the list says."""
    started = itertools.count()

    async def create(original: Any, *arguments: Any) -> Any:
        await asyncio.sleep(seconds[next(started) % len(seconds)])
        return await original(*arguments)

    return wrap("streamspace_sandbox.streamspace.agent.workload:Workload.create", create)


def _ready_for_a_moment() -> Patch:
    """The probers are kept, so that none of them is taken for one whose place in memory it has got."""
    since: dict[int, tuple[Any, float]] = {}

    def set_ready(original: Any, prober: Any, ready: bool) -> None:
        if prober._spec["name"] == "desktop" and ready:
            _, first = since.setdefault(id(prober), (prober, time.monotonic()))
            ready = time.monotonic() - first < READY_SECONDS
        original(prober, ready)

    return wrap("streamspace_sandbox.kubernetes.kubelet.prober:Prober._set_ready", set_ready)


def _never_ready_once(number: int) -> Patch:
    """The so-manieth desktop is never Ready."""
    numbers: dict[int, tuple[Any, int]] = {}

    def set_ready(original: Any, prober: Any, ready: bool) -> None:
        is_desktop = prober._spec["name"] == "desktop"
        chosen = is_desktop and numbers.setdefault(id(prober), (prober, len(numbers) + 1))[1] == number
        original(prober, ready and not chosen)

    return wrap("streamspace_sandbox.kubernetes.kubelet.prober:Prober._set_ready", set_ready)


def _two_pods_of(number: int) -> Patch:
    """The so-manieth session has two pods."""
    names: list[str] = []

    def replicas(original: Any, session: Any) -> int:
        name = session["metadata"]["name"]
        if name not in names:
            names.append(name)
        return int(original(session)) * (2 if names.index(name) + 1 == number else 1)

    return wrap("streamspace_sandbox.streamspace.agent.objects:replicas", replicas)


register_fault(
    "second-pod-never-ready",
    breaks="1.1b-3",
    description="The fourth session has two pods, of which one does not become Ready",
    kubernetes=_never_ready_once(5),
    agent=_two_pods_of(4),
)
register_fault(
    "fourth-never-ready",
    breaks="1.1b-3",
    description="The pod of the fourth session does not become Ready, and the agent takes it for a running session",
    kubernetes=_never_ready_once(4),
    agent=patching.replace("streamspace_sandbox.streamspace.agent.observation:is_ready", _is_running),
)
register_fault(
    "four-of-five-start-late",
    breaks="1.1b-2",
    description="Four of five sessions start 7.5 s late, each within the time for a start",
    agent=_late_by(*ALL_BUT_ONE),
)
register_fault(
    "starts-a-little-late",
    breaks="1.1b-2",
    tolerable=True,
    description=f"The agent waits {A_LITTLE:g} s before it creates a session's pod",
    agent=_late_by(A_LITTLE),
)
register_fault(
    "ready-for-a-moment",
    breaks="1.1b-3",
    description=f"A session's pod is Ready for {READY_SECONDS:g} s, and then not any more",
    kubernetes=_ready_for_a_moment(),
    agent=patching.replace("streamspace_sandbox.streamspace.agent.observation:is_ready", _is_running),
)
