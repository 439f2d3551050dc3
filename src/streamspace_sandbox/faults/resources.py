"""Faults of test 1.1c: a session has the resources that were asked for."""

from contextvars import ContextVar
from typing import Any

from streamspace_sandbox.faults import patching
from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

SESSIONS = "streamspace_sandbox.streamspace.api.sessions"
DESKTOP = "streamspace_sandbox.streamspace.agent.objects:_desktop"
NOTATION = {"500m": "0.5", "1000m": "1", "2000m": "2", "1Gi": "1024Mi", "2Gi": "2048Mi", "4Gi": "4096Mi"}


def _say(change: dict[str, str], *kinds: str) -> None:
    """Have the agent write other quantities into the pod, in its requests or limits."""

    def make(desktop: Any) -> Any:
        def other_desktop(owner: Any) -> Any:
            container = desktop(owner)
            for kind in kinds:
                given = container["resources"][kind]
                container["resources"][kind] = {name: change.get(value, value) for name, value in given.items()}
            return container

        return other_desktop

    wrap(DESKTOP, make)


def _cap_the_memory() -> None:
    _say({"4Gi": "3Gi"}, "requests", "limits")


def _reserve_less() -> None:
    _say({"1000m": "500m"}, "requests")


def _write_otherwise() -> None:
    _say(NOTATION, "requests", "limits")


def _take_any_size() -> None:
    async def require_nothing(*_: Any) -> None:
        """Whatever is asked for is to be had."""

    patching.replace(f"{SESSIONS}:require_capacity", require_nothing)


def _refuse_too_late() -> None:
    refusals: ContextVar[ApiError | None] = ContextVar("refusals", default=None)

    def postpone(require: Any) -> Any:
        async def require_later(*arguments: Any) -> None:
            try:
                await require(*arguments)
            except ApiError as error:
                refusals.set(error)

        return require_later

    def make(create: Any) -> Any:
        async def create_and_look(sessions: Any, *arguments: Any) -> Any:
            session = await create(sessions, *arguments)
            refusal = refusals.get()
            if refusal is not None:
                await sessions.delete(session["sessionId"])
                raise refusal
            return session

        return create_and_look

    wrap(f"{SESSIONS}:require_capacity", postpone)
    wrap(f"{SESSIONS}:Sessions.create", make)


def _forget(*options: str) -> None:
    """Have the node start containers without some of podman's options."""

    def make(all_options: Any) -> Any:
        return lambda container: [each for each in all_options(container) if not each.startswith(options)]

    wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", make)


def _do_not_limit_memory() -> None:
    _forget("--memory=", "--memory-swap=")


def _do_not_limit_cpu() -> None:
    _forget("--cpus=")


register_fault(
    "memory-capped",
    breaks="1.1c-1",
    description="A session that asks for 4Gi of memory gets 3Gi",
    agent=_cap_the_memory,
)
register_fault(
    "half-reserved",
    breaks="1.1c-1",
    description="A session that asks for 1000m of CPU has 500m reserved",
    agent=_reserve_less,
)
register_fault(
    "written-otherwise",
    breaks="1.1c-1",
    tolerable=True,
    description="The same resources are written in another way: 2048Mi for 2Gi",
    agent=_write_otherwise,
)
register_fault(
    "any-size-accepted",
    breaks="1.1c-2",
    description="A session that no node can hold is accepted, and stays Pending",
    api=_take_any_size,
)
register_fault(
    "refused-too-late",
    breaks="1.1c-2",
    description="A session that no node can hold is refused only after it was made",
    api=_refuse_too_late,
)
register_fault(
    "memory-not-limited",
    breaks="1.1c-3",
    description="The node does not enforce memory limits",
    kubernetes=_do_not_limit_memory,
)
register_fault(
    "cpu-not-limited",
    breaks="1.1c-3",
    description="The node does not enforce CPU limits",
    kubernetes=_do_not_limit_cpu,
)
