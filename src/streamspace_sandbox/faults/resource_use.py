"""Faults of test 4.2: StreamSpace's own use of the nodes, and what its sessions reserve of them."""

from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.consumption import top_up

API_BEGINS = "streamspace_sandbox.streamspace.api.app:create_app"
AGENT_BEGINS = "streamspace_sandbox.streamspace.agent.agent:Agent.run"


def _unlimited(container_name: str) -> Patch:
    """The node does not limit the memory of that container: without it, its limit would end it before."""

    def remaining(all_options: Any, container: Any) -> list[str]:
        limits = ("--memory=", "--memory-swap=") if f".{container_name}." in container.name else ("--none=",)
        return [option for option in all_options(container) if not option.startswith(limits)]

    return wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", remaining)


def _reserve(cpu: str) -> Patch:
    """The pods of sessions request another amount of CPU than their template says."""

    def desktop_with_other_requests(desktop_container: Any, owner: Any) -> Any:
        container = desktop_container(owner)
        container["resources"] = {kind: {**container["resources"][kind], "cpu": cpu} for kind in ("requests", "limits")}
        return container

    return wrap("streamspace_sandbox.streamspace.agent.objects:desktop_container", desktop_with_other_requests)


register_fault(
    "api-uses-480m",
    breaks="4.2-1",
    description="The API uses 480m of CPU whatever it does, within the limit",
    tolerable=True,
    api=top_up(API_BEGINS, cores=0.48),
)
register_fault(
    "api-uses-520m",
    breaks="4.2-1",
    description="The API uses 520m of CPU whatever it does",
    api=top_up(API_BEGINS, cores=0.52),
)
register_fault(
    "api-holds-1000-mib",
    breaks="4.2-2",
    description="The API holds 1000 MiB of memory, within the limit",
    tolerable=True,
    api=top_up(API_BEGINS, mebibytes=1000),
    kubernetes=_unlimited("api"),
)
register_fault(
    "api-holds-1060-mib",
    breaks="4.2-2",
    description="The API holds 1060 MiB of memory",
    api=top_up(API_BEGINS, mebibytes=1060),
    kubernetes=_unlimited("api"),
)
register_fault(
    "agent-uses-180m",
    breaks="4.2-3",
    description="The agent uses 180m of CPU whatever it does, within the limit",
    tolerable=True,
    agent=top_up(AGENT_BEGINS, cores=0.18),
)
register_fault(
    "agent-uses-220m",
    breaks="4.2-3",
    description="The agent uses 220m of CPU whatever it does",
    agent=top_up(AGENT_BEGINS, cores=0.22),
)
register_fault(
    "agent-holds-500-mib",
    breaks="4.2-4",
    description="The agent holds 500 MiB of memory, within the limit",
    tolerable=True,
    agent=top_up(AGENT_BEGINS, mebibytes=500),
    kubernetes=_unlimited("agent"),
)
register_fault(
    "agent-holds-530-mib",
    breaks="4.2-4",
    description="The agent holds 530 MiB of memory",
    agent=top_up(AGENT_BEGINS, mebibytes=530),
    kubernetes=_unlimited("agent"),
)
register_fault(
    "sessions-reserve-400m",
    breaks="4.2-5",
    description="Each session reserves 400m of CPU instead of 250m; the nodes still hold 50 of them",
    tolerable=True,
    agent=_reserve("400m"),
)
register_fault(
    "sessions-reserve-600m",
    breaks="4.2-5",
    description="Each session reserves 600m of CPU instead of 250m, so that 50 of them have no place on the nodes",
    agent=_reserve("600m"),
)
