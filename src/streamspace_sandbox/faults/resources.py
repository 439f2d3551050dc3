"""Faults of test 1.1c: a session has the requested resources."""

from contextvars import ContextVar
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, replace, wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

SESSIONS = "streamspace_sandbox.streamspace.api.sessions"
NOTATION = {"500m": "0.5", "1000m": "1", "2000m": "2", "1Gi": "1024Mi", "2Gi": "2048Mi", "4Gi": "4096Mi"}


def _write_quantities(change: dict[str, str], *kinds: str) -> Patch:
    """The agent writes other quantities into the pod's requests or limits."""

    def desktop_with_other_quantities(desktop_container: Any, owner: Any) -> Any:
        container = desktop_container(owner)
        for kind in kinds:
            quantities = container["resources"][kind].items()
            container["resources"][kind] = {name: change.get(value, value) for name, value in quantities}
        return container

    return wrap("streamspace_sandbox.streamspace.agent.objects:desktop_container", desktop_with_other_quantities)


async def _require_nothing(*_: Any) -> None:
    """Accept any size."""


def _refuse_after_creation() -> tuple[Patch, Patch]:
    refusals: ContextVar[ApiError | None] = ContextVar("refusals", default=None)

    async def postpone(require_capacity: Any, *arguments: Any) -> None:
        try:
            await require_capacity(*arguments)
        except ApiError as error:
            refusals.set(error)

    async def create_then_refuse(create: Any, sessions: Any, *arguments: Any) -> Any:
        session = await create(sessions, *arguments)
        refusal = refusals.get()
        if refusal is not None:
            await sessions.delete(session["sessionId"])
            raise refusal
        return session

    return wrap(f"{SESSIONS}:require_capacity", postpone), wrap(f"{SESSIONS}:Sessions.create", create_then_refuse)


def _omit_options(*prefixes: str) -> Patch:
    """The node starts containers without some of podman's options."""

    def remaining(all_options: Any, container: Any) -> list[str]:
        return [option for option in all_options(container) if not option.startswith(prefixes)]

    return wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", remaining)


register_fault(
    "memory-capped",
    breaks="1.1c-1",
    description="A session that requests 4Gi of memory gets 3Gi",
    agent=_write_quantities({"4Gi": "3Gi"}, "requests", "limits"),
)
register_fault(
    "half-reserved",
    breaks="1.1c-1",
    description="A session that requests 1000m of CPU has 500m reserved",
    agent=_write_quantities({"1000m": "500m"}, "requests"),
)
register_fault(
    "written-otherwise",
    breaks="1.1c-1",
    tolerable=True,
    description="The pod states the same resources in another notation: 2048Mi for 2Gi",
    agent=_write_quantities(NOTATION, "requests", "limits"),
)
register_fault(
    "any-size-accepted",
    breaks="1.1c-2",
    description="The API accepts a session that no node can hold, and the session stays Pending",
    api=replace(f"{SESSIONS}:require_capacity", _require_nothing),
)
register_fault(
    "refused-too-late",
    breaks="1.1c-2",
    description="The API refuses a session that no node can hold only after it has created it",
    api=_refuse_after_creation(),
)
register_fault(
    "memory-not-limited",
    breaks="1.1c-3",
    description="The node does not enforce memory limits",
    kubernetes=_omit_options("--memory=", "--memory-swap="),
)
register_fault(
    "cpu-not-limited",
    breaks="1.1c-3",
    description="The node does not enforce CPU limits",
    kubernetes=_omit_options("--cpus="),
)


def _limit_the_sidecar(pod_spec: Any, owner: Any) -> Any:
    pod = pod_spec(owner)
    desktop = pod["containers"][0]
    amounts = desktop.pop("resources")
    command = ["sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"]
    pod["containers"].append({"name": "helper", "image": desktop["image"], "command": command, "resources": amounts})
    return pod


register_fault(
    "resources-of-a-sidecar",
    breaks="1.1c-1",
    description="The requested resources are those of a container beside the desktop, which has none itself",
    agent=wrap("streamspace_sandbox.streamspace.agent.objects:pod_spec", _limit_the_sidecar),
)


def _cpus_times(factor: float) -> Patch:
    """The node gives containers so many times the CPU that they are limited to."""

    def options(all_options: Any, container: Any) -> list[str]:
        return [
            f"--cpus={float(option.partition('=')[2]) * factor:.3f}" if option.startswith("--cpus=") else option
            for option in all_options(container)
        ]

    return wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", options)


register_fault(
    "limits-above-requests",
    breaks="1.1c-1",
    description="A session that requests 2000m of CPU is limited to 3000m",
    agent=_write_quantities({"2000m": "3000m"}, "limits"),
)
register_fault(
    "twice-the-cpu",
    breaks="1.1c-3",
    description="The node lets containers use twice the CPU that they are limited to",
    kubernetes=_cpus_times(2.0),
)
