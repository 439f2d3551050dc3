"""Faults of test 1.3: several users work at the same time. Each shows only when several are there."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

AT_ONCE = 3
BRIDGE = "streamspace_sandbox.streamspace.api.vnc:bridge"
OBJECTS = "streamspace_sandbox.streamspace.agent.objects"
SESSIONS = "streamspace_sandbox.streamspace.api.sessions:Sessions"


def _user(owner: Any) -> str:
    user: str = owner["spec"]["user"]
    return user


def _refuse_concurrent_creations() -> Patch:
    running: list[None] = []

    async def create_unless_busy(create: Any, *arguments: Any) -> Any:
        if len(running) >= AT_ONCE:
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many creations at once.")
        running.append(None)
        try:
            return await create(*arguments)
        finally:
            running.pop()

    return wrap(f"{SESSIONS}.create", create_unless_busy)


def _give_the_same_answer() -> Patch:
    """Requests during another one get its answer, as from a cache with the path alone as key."""
    running: list[asyncio.Future[Any]] = []

    async def create_once(create: Any, *arguments: Any) -> Any:
        if running:
            return await asyncio.shield(running[0])
        running.append(asyncio.ensure_future(create(*arguments)))
        try:
            return await running[0]
        finally:
            running.clear()

    return wrap(f"{SESSIONS}.create", create_once)


def _second_pod(replicas: Any, session: Any) -> Any:
    return replicas(session) * (2 if _user(session) == "user2" else 1)


def _share_processes(all_options: Any, container: Any) -> list[str]:
    shared = container.environment.get("STREAMSPACE_USER", "") in ("user2", "user3")
    return [*all_options(container), *(["--pid=host"] if shared else [])]


def _halve_memory(desktop_container: Any, owner: Any) -> Any:
    container = desktop_container(owner)
    if _user(owner) == "user3":
        for quantities in container["resources"].values():
            quantities["memory"] = "512Mi"
    return container


def _reserve_less_cpu(desktop_container: Any, owner: Any) -> Any:
    container = desktop_container(owner)
    if _user(owner) == "user4":
        container["resources"]["requests"]["cpu"] = "100m"
    return container


def _share_memory(all_options: Any, container: Any) -> list[str]:
    shared = container.environment.get("STREAMSPACE_USER", "") in ("user1", "user4")
    return [*all_options(container), *(["--ipc=host"] if shared else [])]


def _share_a_claim() -> Patch:
    """The second of two users gets the first user's volume claim."""
    claims: list[str] = []

    def pod_on_shared_claim(pod_spec: Any, owner: Any) -> Any:
        pod = pod_spec(owner)
        volume = pod["volumes"][0]["persistentVolumeClaim"]
        if _user(owner) in ("user4", "user5"):
            claims.append(volume["claimName"])
            volume["claimName"] = claims[-1 - (len(claims) % 2 == 0)]
        return pod

    return wrap(f"{OBJECTS}:pod_spec", pod_on_shared_claim)


def _limit_viewers() -> Patch:
    connected: list[None] = []

    async def bridge_up_to_the_limit(bridge: Any, websocket: Any, *address: Any) -> None:
        if len(connected) >= AT_ONCE:
            await websocket.close()
            return
        connected.append(None)
        try:
            await bridge(websocket, *address)
        finally:
            connected.pop()

    return wrap(BRIDGE, bridge_up_to_the_limit)


def _disconnect_the_first_viewer() -> Patch:
    viewers: dict[str, asyncio.Task[None]] = {}

    async def bridge_one_viewer(bridge: Any, websocket: Any, host: str, port: int) -> None:
        if host in viewers:
            viewers[host].cancel()
        viewers[host] = asyncio.ensure_future(bridge(websocket, host, port))
        await asyncio.wait((viewers[host],))

    return wrap(BRIDGE, bridge_one_viewer)


def _refuse_a_second_visit() -> Patch:
    left: set[str] = set()

    async def bridge_once(bridge: Any, websocket: Any, *address: Any) -> None:
        session = websocket.path_params["id"]
        if session in left:
            await websocket.close()
            return
        try:
            await bridge(websocket, *address)
        finally:
            if "user2" in session:
                left.add(session)

    return wrap(BRIDGE, bridge_once)


def _lead_to_the_first_desktop() -> Patch:
    """The second user's viewer shows the first user's desktop while that one has a viewer."""
    first: list[str] = []

    async def bridge_to_the_first(bridge: Any, websocket: Any, host: str, port: int) -> None:
        session = websocket.path_params["id"]
        if session.startswith("user1-"):
            first.append(host)
        try:
            await bridge(websocket, first[0] if first and session.startswith("user2-") else host, port)
        finally:
            if session.startswith("user1-"):
                first.remove(host)

    return wrap(BRIDGE, bridge_to_the_first)


def _share_storage() -> Patch:
    directories: dict[str, Path] = {}

    def one_directory(claimed: Any, volumes: Any, claim_name: str) -> Path:
        own: Path = claimed(volumes, claim_name)
        if not claim_name.startswith(("user3-", "user4-")):
            return own
        others = (directory for directory in directories.values() if directory.exists() and directory != own)
        shared = next(others, own)
        directories[claim_name] = own
        return shared

    return wrap("streamspace_sandbox.kubernetes.kubelet.volumes:PodVolumes._claimed", one_directory)


def _disconnect_all_viewers() -> tuple[Patch, Patch]:
    viewers: set[asyncio.Task[None]] = set()

    async def bridge_until_any_ends(bridge: Any, *arguments: Any) -> None:
        task = asyncio.ensure_future(bridge(*arguments))
        viewers.add(task)
        await asyncio.wait((task,))
        viewers.discard(task)

    async def delete_and_disconnect(delete: Any, *arguments: Any) -> Any:
        for task in viewers:
            task.cancel()
        return await delete(*arguments)

    return wrap(BRIDGE, bridge_until_any_ends), wrap(f"{SESSIONS}.delete", delete_and_disconnect)


register_fault(
    "crowd-refused",
    breaks="1.3-1",
    description=f"The API refuses a creation while {AT_ONCE} others are running",
    api=_refuse_concurrent_creations(),
)
register_fault(
    "crowd-gets-one-session",
    breaks="1.3-1",
    description="Users whose requests arrive during another creation get that creation's session",
    api=_give_the_same_answer(),
)
register_fault(
    "crowd-second-pod",
    breaks="1.3-2",
    description="One of several users has two pods",
    agent=wrap(f"{OBJECTS}:replicas", _second_pod),
)
register_fault(
    "crowd-shares-processes",
    breaks="1.3-2",
    description="The pods of two users run in one process namespace",
    kubernetes=wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", _share_processes),
)
register_fault(
    "crowd-shares-memory",
    breaks="1.3-2",
    description="The pods of two users have the shared memory of one namespace",
    kubernetes=wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", _share_memory),
)
register_fault(
    "crowd-short-of-cpu",
    breaks="1.3-3",
    description="One of several users has a fifth of the requested CPU reserved",
    agent=wrap(f"{OBJECTS}:desktop_container", _reserve_less_cpu),
)
register_fault(
    "crowd-short-of-memory",
    breaks="1.3-3",
    description="One of several users gets half of the requested memory",
    agent=wrap(f"{OBJECTS}:desktop_container", _halve_memory),
)
register_fault(
    "crowd-shares-claim",
    breaks="1.3-3",
    description="Two of several users have the same volume claim",
    agent=_share_a_claim(),
)
register_fault(
    "crowd-too-many-viewers",
    breaks="1.3-4",
    description=f"The VNC bridge accepts no more than {AT_ONCE} connections at a time",
    api=_limit_viewers(),
)
register_fault(
    "second-viewer-ousts-first",
    breaks="1.3-4",
    description="A second viewer of a session disconnects the first",
    api=_disconnect_the_first_viewer(),
)
register_fault(
    "second-visit-refused",
    breaks="1.3-4",
    description="A user who has left a desktop cannot connect to it again",
    api=_refuse_a_second_visit(),
)
register_fault(
    "crowd-wrong-desktop",
    breaks="1.3-5",
    description="One user's viewer shows another user's desktop",
    api=_lead_to_the_first_desktop(),
)
register_fault(
    "crowd-shares-storage",
    breaks="1.3-5",
    description="The volumes of two users, with one claim each, are one directory",
    kubernetes=_share_storage(),
)
register_fault(
    "end-of-one-cuts-all",
    breaks="1.3-5",
    description="The end of one session disconnects all viewers",
    api=_disconnect_all_viewers(),
)
