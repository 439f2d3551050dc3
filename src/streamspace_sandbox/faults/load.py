"""Faults of tests 4.1 and 4.4: many sessions close together, and many at once."""

import asyncio
import os
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault, register_variant
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

SESSIONS = "streamspace_sandbox.streamspace.api.sessions:Sessions"
FOLLOW_UP = "streamspace_sandbox.streamspace.agent.session_reconciler:SessionTracker._follow_up"
SCHEDULER = "streamspace_sandbox.kubernetes.controllers.scheduler:Scheduler._place"

AT_ONCE = 5
LOST_USER = "perftest13"
HEAD_START = 3.0
"""Real seconds before a session is announced at which its pod is created: enough for a pod that starts alone."""
ROOM, QUOTA, SILENT_FROM, CRASH_AT, SHARED_BY = 7, 23, 12, 12, 11


class _Pace:
    """Turns that are a fixed time apart, the first one so long after the first request."""

    def __init__(self, per_minute: float) -> None:
        self.gap = 60 * float(os.environ.get("STREAMSPACE_TIME_SCALE", "1")) / per_minute
        self._last = 0.0
        self._turns: dict[str, float] = {}

    def take(self, session: str) -> float:
        """The turn of a session, on the monotonic clock."""
        if session not in self._turns:
            self._last = max(self._last, time.monotonic()) + self.gap
            self._turns[session] = self._last
        return self._turns[session]


def _announce_one_after_the_other(per_minute: float) -> list[Patch]:
    """The API calls so many sessions Running a minute, the first one a full interval after its request."""
    paces: list[_Pace] = []
    tasks: set[asyncio.Task[None]] = set()

    def pace() -> _Pace:
        if not paces:
            paces.append(_Pace(per_minute))
        return paces[0]

    async def insert(insert_row: Any, sessions: Any, *arguments: Any, **options: Any) -> Any:
        row = await insert_row(sessions, *arguments, **options)
        pace().take(row["id"])
        return row

    async def observe(observe_now: Any, sessions: Any, agent_id: str, report: Any) -> None:
        wait = pace().take(report["session"]) - time.monotonic()
        if report["phase"] != "Running" or wait <= 0:
            await observe_now(sessions, agent_id, report)
            return
        await observe_now(sessions, agent_id, report | {"phase": "Pending"})

        async def later() -> None:
            await asyncio.sleep(wait)
            await observe_now(sessions, agent_id, report)

        task = asyncio.create_task(later())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return [wrap(f"{SESSIONS}.insert", insert), wrap(f"{SESSIONS}.observe", observe)]


def _create_one_after_the_other(per_minute: float) -> Patch:
    """The agent creates each pod shortly before its session's turn, so that no two of them start at the same time."""
    paces: list[_Pace] = []

    async def create(create_now: Any, workload: Any, session: Any) -> bool:
        if not paces:
            paces.append(_Pace(per_minute))
        await asyncio.sleep(max(paces[0].take(session["metadata"]["name"]) - HEAD_START - time.monotonic(), 0.0))
        made: bool = await create_now(workload, session)
        return made

    return wrap("streamspace_sandbox.streamspace.agent.workload:Workload.create", create)


async def _lose_one(observe: Any, sessions: Any, agent_id: str, report: Any) -> None:
    if report["session"].startswith(f"{LOST_USER}-") and report["phase"] == "Running":
        report = report | {"phase": "Pending"}
    await observe(sessions, agent_id, report)


def _limit_creations() -> Patch:
    running: list[None] = []

    async def create(create_now: Any, *arguments: Any) -> Any:
        if len(running) >= AT_ONCE:
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_creations", "Too many sessions are starting.")
        running.append(None)
        try:
            return await create_now(*arguments)
        finally:
            running.pop()

    return wrap(f"{SESSIONS}.create", create)


def _is_of_a_session(pod: Any) -> bool:
    return "session" in (pod["metadata"].get("labels") or {})


def _lack_memory(place: Any, scheduler: Any, pod: Any, rooms: Any) -> None:
    from streamspace_sandbox.kubernetes.machinery.resources import PODS  # noqa: PLC0415 - other components lack it

    placed = [
        placed_pod
        for placed_pod in scheduler._store.list(PODS)[0]
        if _is_of_a_session(placed_pod) and placed_pod["spec"].get("nodeName")
    ]
    if _is_of_a_session(pod) and len(placed) >= ROOM:
        scheduler._refuse(pod, "0/3 nodes are available: 3 Insufficient memory.")
    else:
        place(scheduler, pod, rooms)


def _refuse_sessions(place: Any, scheduler: Any, pod: Any, rooms: Any) -> None:
    if _is_of_a_session(pod):
        scheduler._refuse(pod, "0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.")
    else:
        place(scheduler, pod, rooms)


def _rank(tracker: Any) -> int:
    """How many sessions are older than the tracker's own."""
    objects = tracker._tracking.sessions.objects
    ages = {name: session["metadata"]["creationTimestamp"] for name, session in objects.items()}
    own = ages.get(tracker._name, "")
    return sum((age, name) < (own, tracker._name) for name, age in ages.items())


def _beyond(limit: int, act: Callable[[Any], None]) -> Patch:
    """While the agent has made something of `limit` sessions, it only does `act` with the tracker of another one."""
    made_of: set[str] = set()

    async def follow_up(follow: Any, tracker: Any, seen: Any) -> None:
        made_of.intersection_update(tracker._tracking.sessions.objects)
        if len(made_of) < limit:
            made_of.add(tracker._name)
        if seen.pod_name is None and seen.phase in ("Pending", "Failed") and tracker._name not in made_of:
            act(tracker)
        else:
            await follow(tracker, seen)

    return wrap(FOLLOW_UP, follow_up)


def _refuse(tracker: Any) -> None:
    if not tracker._workload.refusal:
        tracker._workload.refusal = f"Forbidden: exceeded quota: sessions, used: {QUOTA}, limited: {QUOTA}"
        tracker.changed.set()


_made_room_for: set[str] = set()


async def _end_the_oldest(follow: Any, tracker: Any, seen: Any) -> None:
    """Beyond a number of sessions the agent deletes the oldest one's pod for each new one, as if it needed the room."""
    await follow(tracker, seen)
    tracking = tracker._tracking
    objects = tracking.sessions.objects
    if len(objects) > SHARED_BY and tracker._name not in _made_room_for and _rank(tracker) >= SHARED_BY:
        _made_room_for.add(tracker._name)
        oldest = min(objects, key=lambda name: (objects[name]["metadata"]["creationTimestamp"], name))
        for pod in tracking.pods_of(oldest):
            await tracking.client.delete(tracking.collections.pods, pod["metadata"]["name"])


async def _crash(create: Any, sessions: Any, *arguments: Any) -> Any:
    if await sessions.pool.fetchval("select count(*) from sessions") >= CRASH_AT:
        os._exit(3)
    return await create(sessions, *arguments)


for _name, _rate, _tolerable in (("nine-and-a-half-a-minute", 9.5, False), ("ten-and-a-half-a-minute", 10.5, True)):
    register_fault(
        _name,
        breaks="4.1-1",
        description=f"At most {_rate:g} sessions a minute of the plan reach Running",
        tolerable=_tolerable,
        api=_announce_one_after_the_other(_rate),
        agent=_create_one_after_the_other(_rate),
    )
register_fault(
    "one-lost-of-twenty",
    breaks="4.1-2",
    description="One of twenty sessions that are requested in a burst never reaches Running",
    api=wrap(f"{SESSIONS}.observe", _lose_one),
)
register_fault(
    "sixth-creation-limited",
    breaks="4.1-3",
    description=f"The API answers 429 to a creation while {AT_ONCE} others are under way",
    api=_limit_creations(),
)
register_variant(
    "full-nodes",
    description="No node has room for a session's pod",
    kubernetes=wrap(SCHEDULER, _refuse_sessions),
)
register_fault(
    "room-for-seven",
    breaks="4.4-1",
    description=f"No node has memory for more than {ROOM} sessions",
    tolerable=True,
    kubernetes=wrap(SCHEDULER, _lack_memory),
)
register_fault(
    "quota-of-twenty-three",
    breaks="4.4-1",
    description=f"A quota allows {QUOTA} sessions",
    tolerable=True,
    agent=_beyond(QUOTA, _refuse),
)
register_fault(
    "crash-at-twelve",
    breaks="4.4-1",
    description=f"The API's process ends when a session is requested beside {CRASH_AT} others",
    api=wrap(f"{SESSIONS}.create", _crash),
)
register_fault(
    "silent-beyond-twelve",
    breaks="4.4-2",
    description=f"Beyond {SILENT_FROM} sessions nothing is made of a further one, and nothing says why",
    agent=_beyond(SILENT_FROM, lambda _tracker: None),
)
register_fault(
    "oldest-ends-for-the-newest",
    breaks="4.4-3",
    description=f"Beyond {SHARED_BY} sessions the oldest one's pod is deleted for each new one",
    agent=wrap(FOLLOW_UP, _end_the_oldest),
)
