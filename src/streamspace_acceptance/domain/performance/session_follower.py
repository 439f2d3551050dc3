"""Many sessions followed at once: a list of the API every 100 ms, a watch of all pods, one of all session objects, and
a look at each desktop.

The moments are stamped on receipt, on one monotonic clock, by watches that begin before the first request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change, watching_states
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance.session_looks import Look, last_list, look_at
from streamspace_acceptance.domain.performance.session_moments import SessionMoments
from streamspace_acceptance.domain.performance.session_objects import SessionObjects, watching_objects
from streamspace_acceptance.domain.performance.session_troubles import unschedulable
from streamspace_acceptance.domain.performance.stall import Stall
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.measuring.garbage import collected_while_young
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.api import SessionList
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import (
    POLL_SECONDS,
    Budget,
    Recording,
    Stamped,
    Wait,
    follow,
    now,
    pause,
    poll,
    sampling,
)

DESKTOPS_AT_ONCE = 4
"""So many handshakes at the same time: enough to be prompt, too few to be a load of their own."""
HANDSHAKE_PAUSE_SECONDS = 0.25
REST_SECONDS = 2.0
"""The same after a VNC server has greeted: some of them lock out who comes back at once."""
LAST_LISTS = 10
"""A session that is in none of so many lists is gone: one of several replicas of the API may be behind the others."""
CATCH_UP_SECONDS = 2.0
"""A list may overtake the watches; they are given so long to report the pods and objects of sessions that run."""


@dataclass
class SessionFollower:
    """Everything received so far of all sessions. `desktops` holds a handshake, or its failure, by session; `closed`,
    why the suite may not open a desktop. `own` are the sessions that the answers to creations have named, which count
    though the list may leave them out.
    """

    clients: Clients
    looks: Recording[Look]
    pods: Recording[Change]
    objects: SessionObjects = field(default_factory=SessionObjects)
    desktops: dict[str, rfb.Framebuffer | str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    @property
    def word(self) -> str:
        """The API's word for a session that runs."""
        return self.clients.profile.statuses["running"]

    def running(self, ids: Collection[str]) -> set[str]:
        """Those of the sessions that the last list calls Running."""
        listed = last_list(self.looks.items())
        return set() if listed is None else _running(listed, ids, self.word)

    def errors(self) -> tuple[int, int]:
        """How many looks at the API brought no list, and how many there were.

        Those that a limit of the rate of calls refused do not count: the suite asks more often than any user.
        """
        looks = [look.item for look in self.looks.items() if not look.item.limited]
        return sum(look.parts is None for look in looks), len(looks)

    def wait_until_running(
        self,
        subject: str,
        requests: ScheduledRequests,
        budget: Budget,
        stall: Budget,
        hopeless: Callable[[Collection[str]], str | None] = lambda _: None,
    ) -> Wait:
        """Waits until all sessions of those requests run; ends early when for the `stall` budget no further one did.

        The budget counts from the begin of the load. `hopeless` says of those that do not run yet why none of them
        will, or None.
        """
        ids = requests.ids
        wait = Wait(subject, f"{subject} {self.word}", budget, requests.load.began)
        progress = Stall(wait, stall)

        def stalled(looks: Sequence[Stamped[Look]]) -> str | None:
            listed = last_list(looks)
            run = set() if listed is None else _running(listed, ids, self.word)
            return hopeless(set(ids) - run) or progress.reason(len(run), looks[-1].at if looks else None)

        def all_run(looks: Sequence[Stamped[Look]]) -> bool | None:
            listed = last_list(looks)
            return (listed is not None and len(_running(listed, ids, self.word)) == len(ids)) or None

        def says(look: Look) -> str:
            if (listed := look.listed) is None:
                return look.error
            return f"{len(_running(listed, ids, self.word))} of {len(ids)} {self.word}"

        with suppress(Unmet):  # the caller counts the sessions that run
            follow(wait, self.looks, goal=all_run, says=says, impossible=stalled, likely=lambda _: "see each of them")
        self._let_watches_catch_up(ids)
        return wait

    def _let_watches_catch_up(self, ids: Collection[str]) -> None:
        label, until = self.clients.profile.session_label, now() + CATCH_UP_SECONDS
        changes = self.pods.items()
        while (left := until - now()) > 0:
            ready = {
                pod.meta.labels.get(label) for pod in (Pod.of(change.item.object) for change in changes) if pod.ready
            }
            by_object, why_not = self.objects.first(self._words)
            if self.running(ids) <= (ready if why_not else ready & by_object.keys()):
                return
            changes = self.pods.beyond(len(changes), min(left, POLL_SECONDS))

    def hopeless(self, ids: Collection[str]) -> str | None:
        """Why none of those sessions will run: all of them failed, or the scheduler has no room; None if one may."""
        listed, failed = last_list(self.looks.items()), self.clients.profile.statuses["failed"]
        lost = {session_id for session_id in ids if listed is not None and listed.status(session_id) == failed}
        homeless = unschedulable(self.pods.items(), self.clients.profile.session_label).keys() & set(ids)
        if not ids or len(lost | homeless) < len(set(ids)):
            return None
        return f"{len(lost)} are {failed}, {len(homeless)} cannot be scheduled"

    def wait_for_desktops(self, ids: Collection[str]) -> None:
        """Waits until the desktop of each session that runs has answered, or did not after several tries."""
        running = self.running(ids)

        def silent() -> set[str]:
            answered = {session for session, desktop in self.desktops.items() if isinstance(desktop, rfb.Framebuffer)}
            return running - answered - self.closed.keys()

        with suppress(Unmet):  # each session says for itself what its desktop came to
            poll(
                Wait(f"{len(running)} desktops", "each answers a handshake", self.clients.budgets.named("browser")),
                silent,
                met=lambda left: not left,
                says=lambda left: f"{len(running) - len(left)} of {len(running)}",
                likely=lambda _: "see each of them",
            )

    def moments(self, requests: ScheduledRequests) -> list[SessionMoments]:
        """The moments of each request's session, in the order in which the requests were due."""
        found = [
            SessionMoments.of(asked.user, call, made)
            for asked, call, made in zip(requests.asked, requests.load.calls, requests.creations, strict=True)
        ]
        known = {session.session: session for session in found if session.session is not None}
        by_object, _ = self.objects.first(self._words)
        for session_id, moments in known.items():
            moments.object_running = by_object.get(session_id)
        self._see_statuses(known)
        label = self.clients.profile.session_label
        for change in self.pods.items():
            pod = Pod.of(change.item.object)
            if (session := known.get(pod.meta.labels.get(label, ""))) is not None:
                session.see_pod(pod, change.at, deleted=change.item.kind == "DELETED")
        lists = [look.item.listed for look in self.looks.items() if look.item.listed is not None][-LAST_LISTS:]
        last = [{listed.id: listed.status for listed in sessions.sessions} for sessions in lists]
        for session_id, session in known.items():
            statuses = [listed.get(session_id) for listed in last]
            session.see_last_lists(statuses, self.clients.profile.statuses["failed"])
            session.see_desktop(self.desktops.get(session_id))
            session.desktop_closed = self.closed.get(session_id, "")
        return [_of_its_session(moments, known) for moments in found]

    def _see_statuses(self, known: Mapping[str, SessionMoments]) -> None:
        """Nothing is new in a part of a list that has been seen, once all of its sessions run."""
        settled: set[int] = set()
        for look in self.looks.items():
            for part in look.item.parts or ():
                ours = [listed for listed in part if listed.id in known] if id(part) not in settled else []
                for listed in ours:
                    known[listed.id].see_status(listed.status, self.word, look.at, look.item.asked)
                if all(known[listed.id].running is not None for listed in ours):
                    settled.add(id(part))

    def source(self, sessions: Sequence[SessionMoments]) -> str:
        """For the report: from where the moments are at which those sessions came to run."""
        run = [session for session in sessions if session.running is not None]
        watched = sum(session.by_object for session in run)
        polled = f"the API's list, one look each {1000 * POLL_SECONDS:g} ms"
        _, why_not = self.objects.first(self._words)
        if why_not:
            return f"moment of Running: by {polled} ({why_not})"
        rest = f", {len(run) - watched} by {polled}" if watched < len(run) else ""
        return f"moment of Running: {watched} of {len(run)} by the watch of session objects{rest}"

    @property
    def _words(self) -> tuple[str, ...]:
        """The words for a session that runs: the plan's and the product's."""
        return (self.word, *self.clients.profile.words.get("running", ()))


def _of_its_session(moments: SessionMoments, known: Mapping[str, SessionMoments]) -> SessionMoments:
    """The moments of a request whose session was given to another one as well are those of that session."""
    shown = known.get(moments.session or "", moments)
    if shown is moments:
        return moments
    return replace(
        shown, number=moments.number, user=moments.user, due=moments.due, sent=moments.sent, answered=moments.answered
    )


def _running(listed: SessionList, ids: Collection[str], word: str) -> set[str]:
    return {session.id for session in listed.sessions if session.status == word} & set(ids)


@contextmanager
def following(clients: Clients) -> Iterator[SessionFollower]:
    """A follower of all sessions, begun when this returns."""
    own = set[str]()
    with (
        collected_while_young(),
        watching_states(clients.cluster, "pods") as pods,
        watching_objects(clients) as objects,
        sampling(look_at(clients.api, own), every=POLL_SECONDS, what="list of sessions") as looks,
    ):
        yield SessionFollower(clients, looks, pods, objects, own=own)


@contextmanager
def opening_desktops(follower: SessionFollower, before: Collection[str], users: Collection[str] = ()) -> Iterator[None]:
    """A handshake with the desktop of each session of those users as soon as it runs, but for those there `before`.

    Others may begin sessions meanwhile, whose desktops are none of the suite's business.
    """
    ended = threading.Event()
    begun = set(before)

    def run(pool: ThreadPoolExecutor) -> None:
        seen = 0
        while not ended.is_set():
            looks = follower.looks.beyond(seen, 1.0)
            seen, listed = len(looks), last_list(looks)
            news = (
                [
                    session.id
                    for session in listed.sessions
                    if session.status == follower.word and (session.user in users or session.id in follower.own)
                ]
                if listed is not None
                else []
            )
            for session_id in [session_id for session_id in news if session_id not in begun]:
                begun.add(session_id)
                pool.submit(_open, follower, session_id, ended)

    with ThreadPoolExecutor(DESKTOPS_AT_ONCE, "desktop") as pool:
        thread = threading.Thread(target=run, args=(pool,), name="desktops", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _open(follower: SessionFollower, session_id: str, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            follower.desktops[session_id] = found = handshake(follower.clients, session_id)
        except Unproven as error:  # the suite may not open it: that says nothing about the desktop
            follower.closed[session_id] = " ".join(str(error).split())
            return
        except (Unmet, NoAnswer) as error:
            follower.desktops[session_id] = found = " ".join(str(error).split())
        if isinstance(found, rfb.Framebuffer) or pause(max(rfb.rest_of(found), HANDSHAKE_PAUSE_SECONDS), ended):
            return


def handshake(clients: Clients, session_id: str) -> rfb.Framebuffer | str:
    """One RFB handshake through the product's own path; a sentence when it fails."""
    api = clients.api
    token = api.viewer_token(session_id)
    settings = api.viewer_settings(clients.vnc_password)
    return rfb.attempt(api.vnc_address(session_id, token), token, settings=settings)
