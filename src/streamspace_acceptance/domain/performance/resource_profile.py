"""Resource use with a number of sessions: without them, with desktops that stand still, and with desktops in use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance import motion, node_capacity
from streamspace_acceptance.domain.performance.load_profile import LoadProfile, profile
from streamspace_acceptance.domain.performance.node_capacity import Capacity
from streamspace_acceptance.domain.performance.room import Room, room
from streamspace_acceptance.domain.performance.stall import Stall
from streamspace_acceptance.domain.sessions.listing import completed
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.rfb import NoHandshake
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.waiting import Budget, Wait, poll

LOOK_SECONDS = 0.5  # from one look at the list to the next: the list itself takes the API's time
BATCH = 10
PICTURES_A_SECOND = 1.0
"""The rate at which each desktop in use moves: as when a page is read. Two small cores carry 50 of these."""
WATCHED = 2
"""So many of the desktops are open in a browser meanwhile."""
HANDS = 8  # desktops that are set in motion at a time
MOTION_SECONDS = 6.0


@dataclass(frozen=True)
class ResourceProfile:
    """The profiles of one number of sessions, and the nodes' capacity with all of them.

    `moving`: in how many desktops pictures moved.
    `room`: the room for such sessions beside all other pods. `not_running`: the sessions that did not run in time.
    `unschedulable`, `lost`: of the pods of these sessions and of the product. `before`: the nodes without the sessions.
    `closed`: why the desktops could not be opened; empty if they could. `hosts`: the nodes with pods of these sessions
    or of the product; None where that is not known.
    """

    sessions: int
    idle: LoadProfile
    still: LoadProfile
    in_use: LoadProfile | None
    moving: int
    capacity: Capacity
    room: Room
    not_running: Sequence[str]
    unschedulable: Sequence[str]
    lost: Sequence[str]
    before: Capacity | None = None
    closed: str = ""
    hosts: frozenset[str] | None = None

    def used(self) -> LoadProfile:
        """The profile of the desktops in use; Unproven where they were not all of them in use."""
        if self.not_running:
            raise Unproven(f"only {self.sessions - len(self.not_running)} of {self.sessions} sessions run (see 4.1-2)")
        if self.closed:
            raise Unproven(self.closed)
        if self.in_use is None or self.moving < self.sessions:
            raise Unproven(f"pictures moved in only {self.moving} of {self.sessions} desktops")
        return self.in_use

    def table(self) -> str:
        """For the report."""
        return "\n\n".join([*(recorded.table() for recorded in self.profiles), self.capacity.table()])

    @property
    def profiles(self) -> list[LoadProfile]:
        """Those that were recorded: without sessions, with still desktops, with desktops in use."""
        return [recorded for recorded in (self.idle, self.still, self.in_use) if recorded is not None]


def record(scenario: Scenario, count: int, template: str) -> None:
    """Profiles StreamSpace without sessions, then with `count` that stand still, then with all of them in use."""
    clients = scenario.clients
    idle = profile(clients, (), "without sessions of this test")
    before, lost = node_capacity.read(clients.cluster), node_capacity.lost(clients.cluster.raw_pods())
    sessions = _start(scenario, count, template)
    not_running = _wait_until_running(sessions, count)
    still = profile(clients, sessions, f"with {count} sessions that stand still")
    in_use, moving = None, 0
    closed = "" if not_running else _watch(scenario, sessions[:WATCHED])
    if not (not_running or closed):
        moving = _set_in_motion(sessions)
        in_use = profile(clients, sessions, f"with {count} sessions in use")
    own, product = _pods_of(clients, sessions), _product_pods(clients)
    ended = node_capacity.lost([*own, *product])
    found = ResourceProfile(
        sessions=count,
        idle=idle,
        still=still,
        in_use=in_use,
        moving=moving,
        capacity=node_capacity.read(clients.cluster),
        room=_room(scenario, template, own),
        not_running=not_running,
        unschedulable=node_capacity.unschedulable(own),
        lost=[words for key, words in ended.items() if key not in lost],
        before=before,
        closed=closed,
        hosts=frozenset(str(pod["spec"]["nodeName"]) for pod in (*own, *product) if pod["spec"].get("nodeName")),
    )
    scenario.results.put(found)


def _watch(scenario: Scenario, sessions: Sequence[Session]) -> str:
    """Opens desktops in a browser, where they stay open; why one does not open, or nothing."""
    try:
        for session in sessions:
            scenario.new_desktop(session).open_whole(scenario.clients.browser)
    except Unmet as unmet:
        return f"a desktop does not open in a browser: {unmet.actual}"
    except Unproven as unproven:
        return unproven.reason
    return ""


def judged(scenario: Scenario, sessions: int) -> ResourceProfile:
    """The profile that a sentence judges, which is its evidence; Unproven when it is of another number of sessions."""
    found = scenario.results[ResourceProfile]
    if found.sessions != sessions:
        raise Unproven(f"resource use was recorded with {found.sessions} sessions, not with {sessions}")
    attachments.attach_text(f"resource use, {found.sessions} sessions", found.table())
    return found


def _pods_of(clients: Clients, sessions: Sequence[Session]) -> list[Json]:
    ids, label = {session.id for session in sessions}, clients.profile.session_label
    return [pod for pod in clients.cluster.raw_pods() if (pod["metadata"].get("labels") or {}).get(label) in ids]


def _product_pods(clients: Clients) -> list[Json]:
    wanted = set(clients.profile.component_labels.values())
    pods = clients.cluster.raw_pods()
    return [pod for pod in pods if not wanted.isdisjoint((pod["metadata"].get("labels") or {}).items())]


def _room(scenario: Scenario, template: str, own: Sequence[Json]) -> Room:
    """The nodes' room for sessions of the template's own size, beside all pods but its own."""
    templates = TemplateApi(scenario.clients.api)
    found = next((entry for entry in templates.listed() if templates.name_of(entry) == template), {})
    size = node_capacity.size_of(found.get("resources"))
    ours = {pod["metadata"]["uid"] for pod in own}
    return (
        room(scenario.clients.cluster, size, ours)
        if size
        else Room(None, f"the API does not show the size of {template}")
    )


def _start(scenario: Scenario, count: int, template: str) -> list[Session]:
    """Sessions of as many users, a batch at a time; Unproven when the API refuses any."""
    users = [f"user{number}" for number in range(1, count + 1)]
    started = list[Session]()
    for first in range(0, count, BATCH):
        requests = scenario.registry.ask_together(users[first : first + BATCH], template, None)
        if requests.refusals:
            raise Unproven(f"the API refuses sessions (see 4.1-3): {'; '.join(requests.refusals[:3])}")
        started += requests.sessions
    if len({session.id for session in started}) < count:
        raise Unproven(f"the API gives several of {count} users one session (see 4.1-3)")
    return started


def _wait_until_running(sessions: Sequence[Session], count: int) -> list[str]:
    """The sessions that do not run in the plan's time for so many, or once for a start's time no further one did."""
    first, running = sessions[0], sessions[0].api.profile.statuses["running"]
    wait = Wait(f"{count} sessions", f"all {running}", first.budgets.named("sessions of a profile"))
    stall = Stall(wait, first.budgets.named("start"))

    def behind() -> list[str]:
        listed = completed(first.api, first.api.sessions(), [session.id for session in sessions])
        return [session.id for session in sessions if listed.status(session.id) != running]

    with suppress(Unmet):  # the criterion of the nodes' capacity judges those that do not run
        poll(
            wait,
            behind,
            met=lambda left: not left,
            says=lambda left: f"{count - len(left)} {running}",
            likely=lambda left: f"{', '.join(left[:5])} do not run",
            impossible=lambda left: stall.reason(count - len(left)),
            every=LOOK_SECONDS,
        )
    return behind()


def _set_in_motion(sessions: Sequence[Session]) -> int:
    """Starts a source of motion in each desktop; in how many of them pictures move then."""
    seconds = MOTION_SECONDS * math.ceil(len(sessions) / HANDS)
    wait, moving = Wait(f"{len(sessions)} desktops", "all of them to move", Budget("motion", seconds, 1.0)), 0
    with wait.announced(), ThreadPoolExecutor(HANDS) as hands:
        for number, moves in enumerate(hands.map(_moves, sessions), start=1):
            moving += moves
            wait.note(f"{moving} of {number} move")
        wait.end("met")
    return moving


def _moves(session: Session) -> bool:
    try:
        with session.vnc.viewing() as client:
            return motion.start(client, PICTURES_A_SECOND, MOTION_SECONDS) is not None
    except NoHandshake:
        return False
