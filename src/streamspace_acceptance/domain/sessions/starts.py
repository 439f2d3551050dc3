"""Timed starts of sessions, one after the other, with everything that Kubernetes said meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from streamspace_acceptance.cluster import containers
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.quota import refused_for_quota
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.steadiness import Statuses, watch
from streamspace_acceptance.measuring.startup_phases import Phases, phases
from streamspace_acceptance.outcomes import Unmet, Unproven, unproven_if_failed
from streamspace_acceptance.product import rfb
from streamspace_acceptance.waiting import Budget, Recording, now

_HEAD = "local_address"  # in the first line of each table
SOCKETS = "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null"
_ESTABLISHED, _LISTEN = "01", "0A"  # proc(5): the TCP state in /proc/net/tcp


@dataclass(frozen=True)
class Start:
    """One start. `trouble` says why the session is not Running; without it, `phases` say how long each part took.

    Where the first request brought no session at all, the trouble is Unproven: whether sessions reach Running was not
    to be seen.
    """

    session: Session | None
    began: float
    phases: Phases | None = None
    trouble: Unmet | Unproven | None = None

    @property
    def blame(self) -> str | None:
        """The reason why nothing can be seen of the session's pod: it did not reach Running; None if it did."""
        if self.trouble is None:
            return None
        return f"{self.session.subject if self.session else 'a session'} did not reach Running"

    @property
    def end_to_end(self) -> float | None:
        """Seconds from the request until the session was Running, its pod Ready and its VNC server answered."""
        return None if self.phases is None else self.phases.seconds["end to end"]


@dataclass(frozen=True)
class VncCheck:
    """The evidence that a VNC server listens: the handshake, and whether the pod listens on the port meanwhile, and
    serves a connection to it.

    `connections` counts the suite's own connections to it, `served` those before with a complete handshake.
    `sockets_seen`: whether the pod's kernel tells of sockets at all.
    """

    session: str
    framebuffer: rfb.Framebuffer | str
    port: int
    port_listens: bool
    port_serves: bool
    connections: str = ""
    served: int = 0
    sockets_seen: bool = True


@dataclass
class Starts:
    """The starts that were made out of those that were asked for; the first failure ends the series."""

    wanted: int
    made: list[Start] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every one of them was made and reached Running."""
        return len(self.made) == self.wanted and all(start.trouble is None for start in self.made)

    @property
    def phases(self) -> list[Phases]:
        """The phases of those that were measured."""
        return [start.phases for start in self.made if start.phases is not None]

    def _sessions(self) -> list[tuple[Session, Start]]:
        """The sessions that there are, each with its start."""
        found = [(start.session, start) for start in self.made if start.session is not None]
        if not found:
            raise Unproven("no session was created (see 1.1b-1)")
        return found

    def statuses(self) -> Statuses:
        """The statuses of the started sessions over a while: Running, or the first other one."""
        found = [start.session for start in self.made if start.session is not None]
        return watch(found, found[0].api.profile.statuses["running"]) if found else {}

    def ready_pods(self, *, within: str) -> list[Pod]:
        """The pods of each session, Ready; Unmet otherwise. One that never came to run is blamed on its start."""
        pods = []
        for session, start in self._sessions():
            with unproven_if_failed(start.blame):
                session.check_label()
                pods += session.wait_until_all_ready(within=_left(session, within, start))
        return pods

    def listening(self) -> Iterator[VncCheck]:
        """A handshake with each session's VNC server in turn, and a look at its port from inside the pod meanwhile."""
        for session, start in self._sessions():
            yield _listen(session, start.blame)


Ask = Callable[[], Creation]
Enter = Callable[[str], Session]


def series(count: int, ask: Ask, enter: Enter, events: Recording[Change]) -> Starts:
    """Starts `count` sessions one after the other; `enter` gives the session of an id."""
    starts, creations = Starts(count), list[Creation]()

    def ask_for_one() -> Creation:
        creations.append(ask())
        return creations[-1]

    while len(starts.made) < count and not (starts.made and starts.made[-1].trouble):
        # A pod or a VNC server that did not answer once is judged later; five silences would only take time here.
        probe = all(phases_of_start.seconds["VNC server start"] is not None for phases_of_start in starts.phases)
        starts.made.append(_start(ask_for_one, enter, events, creations, probe=probe))
    return starts


def _start(ask: Ask, enter: Enter, events: Recording[Change], creations: Sequence[Creation], *, probe: bool) -> Start:
    """One start; `creations` are those so far, its own included once it is asked for."""
    session, began = None, now()
    try:
        creation = ask()
        session = enter(_id_of(creation, is_first=len(creations) == 1))
        _check_like_the_first(creation, creations[0])
        running = _reach_running(session, creation.answer.sent_at)
    except (Unmet, Unproven) as trouble:
        return Start(session, began, trouble=_lost(session) or trouble)
    sent = creation.answer.sent_at
    answered = _await_desktop(session, sent) if probe else None
    measured = phases(session.changes.items(), events.items(), sent=sent, running=running, vnc=answered)
    return Start(session, began, measured)


def _id_of(creation: Creation, *, is_first: bool) -> str:
    """The session's id. 1.1a-1 does not judge a creation that is refused after others."""
    if creation.id is None:
        if not (is_first or refused_for_quota(creation)):
            raise no_session(creation)
        raise Unproven(f"no session was created: {no_session(creation).actual} ({_why(creation)})")
    return creation.id


def _check_like_the_first(creation: Creation, first: Creation) -> None:
    """Unmet where the answer is not as good as that to the first request, which 1.1a-1 and 1.1a-2 judge."""
    is_as_good = creation.answer.status == first.answer.status and creation.claimed == creation.id
    if first.claimed == first.id and not is_as_good:
        raise Unmet(
            creation.answer.call,
            expected=f"{first.answer.status} and the new session {creation.id}, as to the first request",
            actual=creation.answer.gist,
            likely="only the first answer is made from the session that was created",
        )


def _lost(session: Session | None) -> Unproven | None:
    """Unproven when neither side knows the session that the API reported: then its creation has failed."""
    if session is None or session.exists():
        return None
    return Unproven(f"{session.subject} is neither in the API's list nor in Kubernetes (see 1.1a-3)")


def no_session(creation: Creation) -> Unmet:
    """The failure of whatever needs a session when asking for one brought none."""
    answer = creation.answer
    return Unmet(
        answer.call,
        expected="a new session",
        actual=answer.gist,
        likely=f"the API {'loses' if answer.ok else 'refuses'} the session ({_why(creation)})",
    )


def _why(creation: Creation) -> str:
    if refused_for_quota(creation):
        return "give the test's users a larger quota, unless it counts sessions that have ended"
    return "see 1.1a-1"


def _reach_running(session: Session, sent: float) -> float:
    """When the session was Running by the API and in truth: its containers run, and Kubernetes says so as well."""
    word = session.api.profile.statuses["running"]
    wait = session.wait_for_status(word, within="start")
    running = now()
    pods = session.pods() or session.namesakes()
    if not any(pod.running for pod in pods):
        raise Unmet(
            session.subject,
            expected=f"{word} when its pod runs",
            actual=f"{word} although Kubernetes has {', '.join(pod.describe() for pod in pods) or 'no pod of it'}",
            timeline=wait.timeline.render(),
            likely="the status is set before the session runs",
        )
    session.wait_for_phase(word, within=_rest(session, sent))
    return running


def _await_desktop(session: Session, sent: float) -> float | None:
    """When the session's VNC server answered, on a pod that was Ready: its user can work then; None for never."""
    try:
        session.wait_for_ready_pod(within=_rest(session, sent))
        found = session.vnc.handshake_within(_rest(session, sent))
    except (Unmet, Unproven):
        return None  # 1.1b-3 judges the pod, 1.1b-4 the desktop
    return found.at if isinstance(found, rfb.Framebuffer) else None


def _rest(session: Session, sent: float) -> Budget:
    """The rest of the budget for a start that was requested at `sent`: a second at least."""
    budget = session.budgets.named("start")
    return Budget(budget.name, max(budget.seconds - (now() - sent), 1.0), 1.0)


def _left(session: Session, within: str, start: Start) -> Budget:
    """The budget for a pod to be Ready; of a start that failed, what it has left of it."""
    budget = session.budgets.named(within)
    if start.trouble is None:
        return budget
    return Budget(budget.name, max(budget.seconds - (now() - start.began), 0.0), 1.0)


def _listen(session: Session, blame: str | None) -> VncCheck:
    usual = session.api.profile.vnc_port
    served, looks = session.vnc.served(), list[tuple[int, str]]()

    def look() -> None:
        session.check_label()
        with unproven_if_failed(blame):
            pod = session.wait_for_a_pod(within="start") if blame is None else _present_pod(session, blame)
        container = session.cluster.main_container(pod.object)
        running = [other for other in session.watched_pods() if other.running] or [pod]
        tables = [session.cluster.execute(other, ["sh", "-c", SOCKETS]).stdout for other in running]
        looks.append((vnc_port(container.spec, usual, "\n".join(tables)), "\n".join(tables)))

    framebuffer = session.vnc.handshake(look)
    if isinstance(framebuffer, str) and not looks:
        with suppress(Unmet, Unproven, ClusterError):  # the handshake has failed in any case
            look()
    if blame is not None and isinstance(framebuffer, str):
        raise Unproven(f"{blame}; {framebuffer}")
    port, tables = looks[-1] if looks else (usual, "")
    return VncCheck(
        session.id,
        framebuffer,
        port,
        listens(tables, port),
        serves(tables, port),
        session.vnc.connections(),
        served,
        sockets_seen=not looks or _HEAD in tables,
    )


def vnc_port(container: Json, usual: int, tables: str = "") -> int:
    """The port of the container's VNC server: the usual one, unless it declares another one by that name instead.

    A bridge for browsers may have that name: the server's port is the one of both that is served by the tables.
    """
    declared = container.get("ports") or ()
    named = [int(port["containerPort"]) for port in declared if "vnc" in str(port.get("name") or "").lower()]
    first = usual if usual in containers.ports(container) or not named else named[0]
    return next((port for port in (first, usual, *named) if listens(tables, port) and serves(tables, port)), first)


def _present_pod(session: Session, blame: str) -> Pod:
    pods = session.watched_pods()
    if not pods:
        raise Unproven(f"{blame}; it has no pod")
    return pods[0]


def listens(tables: str, port: int) -> bool:
    """Whether a local port is listened on, by the kernel's tables of sockets: `sl local:port remote:port state …`."""
    return _LISTEN in _states(tables, port)


def serves(tables: str, port: int) -> bool:
    """Whether somebody is connected to a local port, by the same."""
    return _ESTABLISHED in _states(tables, port)


def _states(tables: str, port: int) -> set[str]:
    rows = (line.split() for line in tables.splitlines())
    return {row[3] for row in rows if len(row) > 3 and row[1].rpartition(":")[2].upper() == f"{port:04X}"}
