"""Faults of test 1.3: several users work at the same time. Each shows only when several are there."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

AT_ONCE = 3
BRIDGE = "streamspace_sandbox.streamspace.api.vnc:bridge"
OBJECTS = "streamspace_sandbox.streamspace.agent.objects"


def _user(owner: Any) -> str:
    user: str = owner["spec"]["user"]
    return user


def _refuse_a_crowd() -> None:
    """A creation is refused while others are under way."""
    under_way: list[None] = []

    def make(create: Any) -> Any:
        async def create_unless_crowded(*arguments: Any) -> Any:
            if len(under_way) >= AT_ONCE:
                raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many creations at once.")
            under_way.append(None)
            try:
                return await create(*arguments)
            finally:
                under_way.pop()

        return create_unless_crowded

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.create", make)


def _give_the_same_answer() -> None:
    """Requests that come while another is under way get its answer, as from a cache that looks at the path alone."""
    running: list[asyncio.Future[Any]] = []

    def make(create: Any) -> Any:
        async def create_once(*arguments: Any) -> Any:
            if running:
                return await asyncio.shield(running[0])
            running.append(asyncio.ensure_future(create(*arguments)))
            try:
                return await running[0]
            finally:
                running.clear()

        return create_once

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.create", make)


def _start_a_second_pod() -> None:
    def make(replicas: Any) -> Any:
        return lambda session: replicas(session) * (2 if _user(session) == "user2" else 1)

    wrap(f"{OBJECTS}:replicas", make)


def _show_the_nodes_processes() -> None:
    def make(all_options: Any) -> Any:
        def in_one_namespace(container: Any) -> Any:
            crowd = container.environment.get("STREAMSPACE_USER", "") in ("user2", "user3")
            return [*all_options(container), *(["--pid=host"] if crowd else [])]

        return in_one_namespace

    wrap("streamspace_sandbox.kubernetes.kubelet.podman:_options", make)


def _give_the_third_less() -> None:
    def make(desktop: Any) -> Any:
        def smaller(owner: Any) -> Any:
            container = desktop(owner)
            if _user(owner) == "user3":
                for given in container["resources"].values():
                    given["memory"] = "512Mi"
            return container

        return smaller

    wrap(f"{OBJECTS}:_desktop", make)


def _give_two_one_claim() -> None:
    """Of two users the second has the first's volume claim, once there is one."""
    claims: list[str] = []

    def make(pod: Any) -> Any:
        def on_the_others_claim(owner: Any) -> Any:
            made = pod(owner)
            volume = made["volumes"][0]["persistentVolumeClaim"]
            if _user(owner) in ("user4", "user5"):
                claims.append(volume["claimName"])
                volume["claimName"] = claims[-1 - (len(claims) % 2 == 0)]
            return made

        return on_the_others_claim

    wrap(f"{OBJECTS}:_pod", make)


def _bridge_only_so_many() -> None:
    connected: list[None] = []

    def make(bridge: Any) -> Any:
        async def bridge_if_there_is_room(websocket: Any, host: str, port: int) -> None:
            if len(connected) >= AT_ONCE:
                await websocket.close()
                return
            connected.append(None)
            try:
                await bridge(websocket, host, port)
            finally:
                connected.pop()

        return bridge_if_there_is_room

    wrap(BRIDGE, make)


def _throw_out_the_first_viewer() -> None:
    viewers: dict[str, asyncio.Task[None]] = {}

    def make(bridge: Any) -> Any:
        async def bridge_one_viewer(websocket: Any, host: str, port: int) -> None:
            if host in viewers:
                viewers[host].cancel()
            viewers[host] = asyncio.ensure_future(bridge(websocket, host, port))
            await asyncio.wait((viewers[host],))

        return bridge_one_viewer

    wrap(BRIDGE, make)


def _refuse_a_second_visit() -> None:
    left: set[str] = set()

    def make(bridge: Any) -> Any:
        async def bridge_once(websocket: Any, host: str, port: int) -> None:
            if websocket.path_params["id"] in left:
                await websocket.close()
                return
            try:
                await bridge(websocket, host, port)
            finally:
                if "user2" in websocket.path_params["id"]:
                    left.add(websocket.path_params["id"])

        return bridge_once

    wrap(BRIDGE, make)


def _lead_to_the_first_desktop() -> None:
    """The second user's viewer gets the first user's desktop, as long as that one is looked at."""
    first: list[str] = []

    def make(bridge: Any) -> Any:
        async def bridge_to_the_wrong_one(websocket: Any, host: str, port: int) -> None:
            session = websocket.path_params["id"]
            if session.startswith("user1-"):
                first.append(host)
            try:
                await bridge(websocket, first[0] if first and session.startswith("user2-") else host, port)
            finally:
                if session.startswith("user1-"):
                    first.remove(host)

        return bridge_to_the_wrong_one

    wrap(BRIDGE, make)


def _share_a_home_below() -> None:
    """Two users' claims, which are two, stand on one directory of the storage."""
    directories: dict[str, Path] = {}

    def make(claimed: Any) -> Any:
        def one_for_both(volumes: Any, claim_name: str) -> Path:
            found: Path = claimed(volumes, claim_name)
            if not claim_name.startswith(("user3-", "user4-")):
                return found
            kept = next((each for each in directories.values() if each.exists() and each != found), found)
            directories[claim_name] = found
            return kept

        return one_for_both

    wrap("streamspace_sandbox.kubernetes.kubelet.volumes:PodVolumes._claimed", make)


def _cut_everybody_off() -> None:
    """The end of one session ends the connections of all viewers."""
    viewers: set[asyncio.Task[None]] = set()

    def make(bridge: Any) -> Any:
        async def bridge_until_any_ends(websocket: Any, host: str, port: int) -> None:
            task = asyncio.ensure_future(bridge(websocket, host, port))
            viewers.add(task)
            await asyncio.wait((task,))
            viewers.discard(task)

        return bridge_until_any_ends

    def make_delete(delete: Any) -> Any:
        async def delete_and_cut(*arguments: Any) -> Any:
            for task in viewers:
                task.cancel()
            return await delete(*arguments)

        return delete_and_cut

    wrap(BRIDGE, make)
    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.delete", make_delete)


register_fault(
    "crowd-refused",
    breaks="1.3-1",
    description=f"The API refuses a creation while {AT_ONCE} others are under way",
    api=_refuse_a_crowd,
)
register_fault(
    "crowd-gets-one-session",
    breaks="1.3-1",
    description="Users who ask while another's creation is under way are given that other's session",
    api=_give_the_same_answer,
)
register_fault(
    "crowd-second-pod",
    breaks="1.3-2",
    description="One of several users has two pods",
    agent=_start_a_second_pod,
)
register_fault(
    "crowd-shares-processes",
    breaks="1.3-2",
    description="Two of several users' pods run in one process namespace",
    kubernetes=_show_the_nodes_processes,
)
register_fault(
    "crowd-short-of-memory",
    breaks="1.3-3",
    description="One of several users gets half of the memory that was asked for",
    agent=_give_the_third_less,
)
register_fault(
    "crowd-shares-claim",
    breaks="1.3-3",
    description="Two of several users have the same volume claim",
    agent=_give_two_one_claim,
)
register_fault(
    "crowd-too-many-viewers",
    breaks="1.3-4",
    description=f"The VNC bridge takes {AT_ONCE} connections at a time and no more",
    api=_bridge_only_so_many,
)
register_fault(
    "second-viewer-ousts-first",
    breaks="1.3-4",
    description="A second viewer of a session throws out the first",
    api=_throw_out_the_first_viewer,
)
register_fault(
    "second-visit-refused",
    breaks="1.3-4",
    description="Who has left a desktop does not get in again",
    api=_refuse_a_second_visit,
)
register_fault(
    "crowd-wrong-desktop",
    breaks="1.3-5",
    description="One user's viewer leads to another's desktop",
    api=_lead_to_the_first_desktop,
)
register_fault(
    "crowd-shares-storage",
    breaks="1.3-5",
    description="The volumes of two users, with a claim each, are one directory",
    kubernetes=_share_a_home_below,
)
register_fault(
    "end-of-one-cuts-all",
    breaks="1.3-5",
    description="When one session ends, everybody's viewer is cut off",
    api=_cut_everybody_off,
)
