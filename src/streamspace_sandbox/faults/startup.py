"""Faults of test 1.1b: a session starts quickly."""

import asyncio
from dataclasses import replace
from typing import Any

from streamspace_sandbox.faults import patching
from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap

SLOW_SECONDS = 7.0
"""Just more than the plan's 60 s at the default time scale, and far less than the 120 s that a start may take."""

# Perl is on every Debian: it is essential there, and readable for the session's user.
MUTE_SERVER = """
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(LocalPort => $ENV{VNC_PORT}, Listen => 64, ReuseAddr => 1) or die $!;
my @open;
while (my $client = $server->accept) { push @open, $client }
"""


def _never_say_running() -> None:
    def make(resolve: Any) -> Any:
        def without_running(desired: str, phase: str) -> str:
            status: str = resolve(desired, phase)
            return "Pending" if status == "Running" else status

        return without_running

    wrap("streamspace_sandbox.streamspace.api.sessions:resolve", make)


def _dawdle() -> None:
    def make(create: Any) -> Any:
        async def create_late(*arguments: Any) -> Any:
            await asyncio.sleep(SLOW_SECONDS)
            return await create(*arguments)

        return create_late

    wrap("streamspace_sandbox.streamspace.agent.workload:Workload._create", make)


def _never_ready() -> None:
    def make(set_ready: Any) -> Any:
        def set_ready_unless_desktop(prober: Any, ready: bool) -> None:
            set_ready(prober, ready and prober._spec["name"] != "desktop")

        return set_ready_unless_desktop

    wrap("streamspace_sandbox.kubernetes.kubelet.prober:Prober._set_ready", make)


def _take_running_for_ready() -> None:
    def runs(pod: Any) -> bool:
        containers = pod.get("status", {}).get("containerStatuses", [])
        leaving = "deletionTimestamp" in pod["metadata"]
        return bool(containers) and not leaving and all("running" in each["state"] for each in containers)

    patching.replace("streamspace_sandbox.streamspace.agent.observation:is_ready", runs)


def _mute_desktop() -> None:
    def make(find: Any) -> Any:
        def find_mute(reference: str) -> Any:
            image = find(reference)
            return replace(image, argv=["perl", "-e", MUTE_SERVER]) if reference.startswith("streamspace/") else image

        return find_mute

    wrap("streamspace_sandbox.control_plane.images:find", make)


register_fault(
    "never-running",
    breaks="1.1b-1",
    description="The API never says that a session is Running",
    api=_never_say_running,
)
register_fault(
    "slow-start",
    breaks="1.1b-2",
    description=f"The agent takes {SLOW_SECONDS:g} s to have a session's pod started",
    agent=_dawdle,
)
register_fault(
    "never-ready",
    breaks="1.1b-3",
    description="No session's pod is ever Ready; the agent takes a running container for a running session",
    kubernetes=_never_ready,
    agent=_take_running_for_ready,
)
register_fault(
    "mute-vnc-server",
    breaks="1.1b-4",
    description="What listens on the VNC port of a session's pod does not speak RFB",
    kubernetes=_mute_desktop,
)
