"""Faults that show where a session is not alone, or once it has left the pod that it began on."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.object_lists import change_list
from streamspace_sandbox.streamspace.api.errors import ApiError, conflict

ENDPOINTS = "streamspace_sandbox.streamspace.api.endpoints"
OBJECTS = "streamspace_sandbox.streamspace.agent.objects"
LISTED_SECONDS = 0.6


def _hibernate_others(*, of_any_user: bool) -> Patch:
    """The hibernation of a session hibernates the others, too."""

    async def hibernate_all(hibernate: Any, request: Any, services: Any) -> Any:
        session_id = request.path_params["id"]
        user = None if of_any_user else (await services.sessions.row(session_id))["username"]
        for session in await services.sessions.all(user, "Running"):
            if session["sessionId"] != session_id:
                with suppress(ApiError):
                    await services.sessions.hibernate(session["sessionId"])
        return await hibernate(request, services)

    return wrap(f"{ENDPOINTS}:hibernate_session", hibernate_all)


def _claim_of_the_user() -> list[Patch]:
    """The sessions of a user have one volume claim, which is the first one's."""

    def claim(original: Any, owner: Any) -> Any:
        claimed = original(owner)
        claimed["metadata"]["name"] = f"{owner['spec']['user']}-home"
        return claimed

    def pod_spec(original: Any, owner: Any) -> Any:
        pod = original(owner)
        pod["volumes"][0]["persistentVolumeClaim"]["claimName"] = f"{owner['spec']['user']}-home"
        return pod

    return [wrap(f"{OBJECTS}:claim", claim), wrap(f"{OBJECTS}:pod_spec", pod_spec)]


async def _wake_on_another_claim(scale: Any, workload: Any, session: Any) -> None:
    """The pod of a session that wakes gets the claim of another one, if there is another."""
    name, collections = session["metadata"]["name"], workload._collections
    claims = (await workload._client.list(collections.claims))["items"]
    others = [claim["metadata"]["name"] for claim in claims if claim["metadata"]["name"] != f"{name}-home"]
    if session["spec"]["state"] != "hibernated" and others:
        volumes = (await workload._client.find(collections.deployments, name))["spec"]["template"]["spec"]["volumes"]
        volumes[0]["persistentVolumeClaim"]["claimName"] = others[0]
        patch = {"spec": {"template": {"spec": {"volumes": volumes}}}}
        await workload._client.patch(collections.deployments, name, patch)
    await scale(workload, session)


def _refuse_woken() -> list[Patch]:
    """The API gives no address of a session that was woken."""
    woken: set[str] = set()

    async def wake(original: Any, request: Any, services: Any) -> Any:
        woken.add(request.path_params["id"])
        return await original(request, services)

    async def connect(original: Any, request: Any, services: Any) -> Any:
        if request.path_params["id"] in woken:
            raise conflict("no_route", "There is no route to the session's desktop.")
        return await original(request, services)

    return [wrap(f"{ENDPOINTS}:wake_session", wake), wrap(f"{ENDPOINTS}:connect_session", connect)]


def _live_elsewhere(desktop_container: Any, owner: Any) -> Any:
    container = desktop_container(owner)
    container["env"] = [
        {"name": "HOME", "value": "/tmp"} if variable["name"] == "HOME" else variable  # noqa: S108
        for variable in container["env"]
    ]
    return container


def _listed_for_a_moment() -> Callable[[Any], Any]:
    first_seen: dict[str, float] = {}

    def young(sessions: Any) -> Any:
        now = time.monotonic()
        ages = [now - first_seen.setdefault(session["metadata"]["uid"], now) for session in sessions]
        return [session for session, age in zip(sessions, ages, strict=True) if age < LISTED_SECONDS]

    return young


register_fault(
    "session-listed-for-a-moment",
    breaks="1.1a-3",
    description=f"Kubernetes lists a session for {LISTED_SECONDS:g} s after it was first looked at",
    kubernetes=change_list("sessions", _listed_for_a_moment()),
)
register_fault(
    "all-hibernated-with-one",
    breaks="1.4-1",
    description="The hibernation of one session hibernates all",
    api=_hibernate_others(of_any_user=True),
)
register_fault(
    "users-sessions-hibernated-with-one",
    breaks="1.4-1",
    description="The hibernation of a session hibernates all sessions of its user",
    api=_hibernate_others(of_any_user=False),
)
register_fault(
    "one-claim-for-each-user",
    breaks="1.2-4",
    description="The sessions of a user have one volume claim, which belongs to the first of them",
    agent=_claim_of_the_user(),
)
register_fault(
    "another-home-on-wake",
    breaks="1.4-5",
    description="A session that wakes has the home of another one, if there is another",
    agent=wrap("streamspace_sandbox.streamspace.agent.workload:Workload.scale", _wake_on_another_claim),
)
register_fault(
    "no-address-after-wake",
    breaks="1.4-4",
    description="The API gives no address of a session that was woken",
    api=_refuse_woken(),
)
register_fault(
    "desktop-lives-elsewhere",
    breaks="1.2-4",
    description="The home's volume is mounted, but the desktop's programs have another folder for their home",
    agent=wrap(f"{OBJECTS}:desktop_container", _live_elsewhere),
)
