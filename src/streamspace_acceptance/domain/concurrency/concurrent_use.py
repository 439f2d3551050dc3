"""Several users working at the same time, each in a browser of their own: what they see, leave, and notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.domain.concurrency import markers
from streamspace_acceptance.domain.concurrency.conflicts import claims_of, endangered, ended, shared_claims
from streamspace_acceptance.domain.concurrency.desktop_viewers import (
    DesktopViewer,
    await_each,
    colours,
    connect_together,
)
from streamspace_acceptance.domain.concurrency.isolation import label, served, shared_namespaces
from streamspace_acceptance.domain.concurrency.markers import Markers
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Wait, now, poll

SHOWS, OBEYS = "a desktop to be visible", "the typed text to be visible"
NAMED = 2  # desktops of one trouble; more of them are counted


@dataclass
class UseResult:
    """The result of working at the same time.

    unreachable: the trouble of each desktop that did not render or accept input, by its name; astray: those that did so
    for another user.
    leaks: traces of one user that were found with another; explained: leaks that follow from what the sessions share
    by Kubernetes or the kernel. lost: traces that were found nowhere. noticed: what happened to others when one user
    ended the session; untold: why that could not be seen. reached: whether any desktop worked while others did not.
    alone: why a desktop opened alone does not work either.
    As evidence: pictures of the desktops; desktops, each with its trouble or none; traces, by the session in which they
    were found, the user's session that made them and the places.
    """

    unreachable: dict[str, str] = field(default_factory=dict)
    astray: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    reached: bool = field(default=False, compare=False)
    alone: str | None = None
    pictures: dict[str, bytes] = field(default_factory=dict, compare=False)
    desktops: list[tuple[str, str]] = field(default_factory=list, compare=False)
    traces: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)

    @property
    def troubles(self) -> list[str]:
        """The unreachable desktops, those of one trouble together. `desktops` has all of their names."""
        by_trouble: dict[str, list[str]] = {}
        for name, trouble in self.unreachable.items():
            by_trouble.setdefault(trouble, []).append(name)
        return [
            f"{', '.join(names) if len(names) <= NAMED else f'{len(names)} desktops'}: {trouble}"
            for trouble, names in by_trouble.items()
        ]


class ConcurrentUse:
    """One user looks from two places, one leaves the desktop and comes back, and the last one ends the session."""

    def __init__(self, crowd: ConcurrentRequests, cluster: Cluster, browser: RunBrowser) -> None:
        self._cluster = cluster
        self._browser = browser
        self._sessions = list(crowd.sessions)
        self._users = [
            DesktopViewer(SessionDesktop(user_session), f"the desktop of {user_session.id}")
            for user_session in self._sessions
        ]
        first = self._sessions[0]
        self._second = DesktopViewer(SessionDesktop(first), f"the desktop of {first.id} for a second viewer")
        self._screens = [*self._users, self._second]
        self._marks = {session.id: markers.mark() for session in self._sessions}
        self._misled: list[DesktopViewer] = []
        self.outcome = UseResult()

    def run(self, end: Callable[[Session], str | None]) -> UseResult:
        """All users work; `end` ends a session and returns what went wrong. Every page is closed afterwards."""
        try:
            self._work()
            self._judge_work()
            self._come_back()
            self._leave(end)
        finally:
            for screen in self._screens:
                screen.desk.close()
        return self.outcome

    def _work(self) -> None:
        """All addresses are requested at once, and all desktops opened before anybody works in them."""
        connect_together(self._screens)
        for screen in self._screens:
            screen.open(self._browser)
        await_each(self._screens, SHOWS, DesktopViewer.has_settled)
        for screen, colour in zip(self._users, colours(self._screens, len(self._users)), strict=True):
            screen.colour = colour
            if screen.trouble is None:
                screen.type(markers.command(self._marks[screen.session.id], colour))
        self._second.colour = self._users[0].colour
        if self._users[0].trouble is not None and self._second.trouble is None:
            self._second.trouble = "nobody typed there"
        await_each(self._screens, OBEYS, self._obeys)
        self._traces = self._look_for_traces()
        for screen in self._screens:
            if screen.look() is not None and screen.desk.viewer is not None:
                self.outcome.pictures[screen.name] = screen.desk.viewer.whole_page()

    def _obeys(self, screen: DesktopViewer) -> bool:
        """Whether the screen shows the colour of any user; another user's colour ends the wait as well."""
        return screen.obeys([user.colour for user in self._users])

    def _look_for_traces(self) -> Markers:
        """The places of the marks, once each is in its own session or the browser's budget is used up."""
        names, working = list(self._marks.values()), [screen for screen in self._users if screen.trouble is None]
        seen: list[Markers] = []

        def look() -> list[str]:
            seen[:] = [markers.look(self._sessions, names)]
            return [trace for screen in working for trace in self._lacking(seen[0], screen)]

        try:
            poll(
                Wait("what was typed", "carried out in each session", self._sessions[0].budgets.named("browser")),
                look,
                met=lambda lacking: not lacking,
                says=lambda lacking: f"lacking: {'; '.join(lacking) or 'nothing'}",
                likely=lambda _: "see the criteria about it",
                impossible=lambda _: self._astray(seen[0], working),
                every=LOOK_SECONDS,
            )
        except Unmet as unmet:
            self.outcome.lost += [f"{trace} ({unmet.actual})" for trace in look()]
        return seen[0]

    def _lacking(self, found: Markers, screen: DesktopViewer) -> list[str]:
        session = screen.session.id
        return [f"{place} of {session}" for place in found.lacking(self._marks[session], session)]

    def _astray(self, found: Markers, screens: Sequence[DesktopViewer]) -> str | None:
        """The marks in other sessions than their own, which end the wait; None if there are none."""
        strays = [
            trace for screen in screens for trace in found.elsewhere(self._marks[screen.session.id], screen.session.id)
        ]
        return "; ".join(strays) or None

    def _judge_work(self) -> None:
        self.outcome.reached = any(screen.trouble is None and screen.shows(screen.colour) for screen in self._screens)
        owners = {mark: session for session, mark in self._marks.items()}
        self.outcome.traces = {
            session: {f"made in {owners[mark]}": ", ".join(places) for mark, places in places_by_mark.items() if places}
            for session, places_by_mark in self._traces.found.items()
        }
        for screen in self._screens:
            session = screen.session.id
            own = self._marks[session]
            led = self._shown_of_others(screen)
            traces_elsewhere = [] if screen is self._second else self._traces.elsewhere(own, session)
            self.outcome.leaks += [*led, *(f"{place}, made in {session}" for place in traces_elsewhere)]
            if led or any(trace.startswith(f"{markers.FILE} in ") for trace in traces_elsewhere):
                self._misled.append(screen)
            screen.check_lasting()
            trouble = screen.trouble
            if trouble is None and not screen.shows(screen.colour):
                trouble = f"{OBEYS}: not its own"
            if trouble is None and markers.FILE in self._traces.lacking(own, session):
                trouble = "what was typed was not carried out in the session's pod"
            self.outcome.desktops.append((screen.name, trouble or "none: it rendered and accepted input"))
            if trouble is not None:
                if screen in self._misled or self._has_guests(screen):
                    self.outcome.astray.append(f"{screen.name}: {trouble}")
                else:
                    self.outcome.unreachable[screen.name] = trouble
        if self.outcome.leaks:
            self._explain_leaks()

    def _has_guests(self, screen: DesktopViewer) -> bool:
        """Whether a viewer of another session sees this one, and so may type in the midst of what is typed here."""
        guests = [other for other in self._screens if other.session is not screen.session]
        return any(guest.shows(screen.colour) for guest in guests)

    def _shown_of_others(self, screen: DesktopViewer) -> list[str]:
        others = [other for other in self._users if other.session is not screen.session]
        return [
            f"{screen.name} shows what was typed in {other.session.id}"
            for other in others
            if screen.shows(other.colour)
        ]

    def _explain_leaks(self) -> None:
        """Shared namespaces explain visible processes, and shared volumes explain visible files of the home."""
        pods = [pod for session in self._sessions for pod in served(self._cluster.raw_pods(**label(session)))]
        reasons = {
            markers.PROCESS: shared_namespaces(self._cluster, map(Pod.of, pods), ("pid",)),
            markers.HOME: shared_claims(self._sessions, pods),
        }
        for place, reason in reasons.items():
            found = [leak for leak in self.outcome.leaks if leak.startswith(f"{place} in ")]
            if found and reason:
                self.outcome.leaks = [leak for leak in self.outcome.leaks if leak not in found]
                self.outcome.explained += [*found, *reason]

    def _come_back(self) -> None:
        """The second user leaves the desktop, and opens it again."""
        former = self._users[1]
        if former.trouble is not None or former in self._misled:
            return
        former.desk.close()
        screen = former.again(SessionDesktop(former.session), f"{former.name} after reconnecting")
        self._screens.append(screen)
        screen.connect()
        screen.open(self._browser)
        await_each([screen], "the desktop as the user left it", self._obeys)
        self.outcome.leaks += self._shown_of_others(screen)
        screen.begin()
        self._retype([screen])
        self._users[1] = screen
        self.outcome.desktops.append((screen.name, screen.trouble or "none: it rendered and accepted input"))
        if screen.trouble is not None:
            self.outcome.unreachable[screen.name] = screen.trouble

    def _leave(self, end: Callable[[Session], str | None]) -> None:
        """The last user ends the session; the others go on working."""
        *others, last = self._users
        working = [screen for screen in others if screen.trouble is None]
        pods = {screen.session.id: screen.session.known_uids() for screen in others}
        its_claims = claims_of(served(self._cluster.raw_pods(**label(last.session))))
        since = now()
        trouble = end(last.session)
        if trouble is not None:
            self.outcome.untold.append(trouble)
            return
        await_each(working, "the desktop still to be visible", self._is_painted)
        self._retype(working)
        for screen in working:
            screen.check_lasting()
        self.outcome.noticed += [f"{screen.name}: {screen.trouble}" for screen in working if screen.trouble is not None]
        self.outcome.noticed += [
            trouble
            for screen in others
            for trouble in _disturbances(screen.session, pods[screen.session.id], since, its_claims)
        ]
        self.outcome.noticed += self._missing([screen.session for screen in others])

    def _missing(self, sessions: Sequence[Session]) -> list[str]:
        """The traces that users left in their own sessions and no longer find there."""
        found = markers.look(sessions, list(self._marks.values()))
        return [
            f"{place} of {session.id} is gone"
            for session in sessions
            for place in found.lacking(self._marks[session.id], session.id)
            if place not in self._traces.lacking(self._marks[session.id], session.id)
        ]

    def _retype(self, screens: Sequence[DesktopViewer]) -> None:
        fresh = colours(self._screens, len(screens))
        for screen, colour in zip(screens, fresh, strict=True):
            screen.colour = colour
            if screen.trouble is None:
                screen.type(markers.paint(colour))
        await_each(screens, OBEYS, lambda screen: screen.obeys([screen.colour]))

    @staticmethod
    def _is_painted(screen: DesktopViewer) -> bool:
        screen.look()
        return screen.shows(screen.colour)


def _disturbances(session: Session, uids: frozenset[str], since: float, shared: frozenset[str]) -> list[str]:
    """The changes since then of a session that nothing should touch, a status other than Running included.

    `shared` are the claims that it may have in common with the session that has ended.
    """
    watched = session.changes.items()
    cluster = session.cluster
    former = ended((stamped.item.object for stamped in watched if stamped.at < since), cluster)
    changes = [stamped.item for stamped in watched if stamped.at >= since]
    found = [end for end in ended((change.object for change in changes), cluster) if end not in former]
    found += [f"pod {change.object['metadata']['name']} is gone" for change in changes if change.kind == "DELETED"]
    pods = [pod for pod in (Pod.of(change.object) for change in changes) if not pod.is_over]
    found += [f"pod {pod.meta.name} is new" for pod in pods if pod.meta.uid not in uids]
    found += [f"pod {pod.meta.name} is not Ready" for pod in pods[-1:] if not pod.ready]
    found += endangered(session, served(cluster.raw_pods(**label(session))), shared)
    status, word = session.api.status(session.id), session.api.profile.statuses["running"]
    return list(dict.fromkeys([*found, *([] if status == word else [f"{session.id} is {status}"])]))
