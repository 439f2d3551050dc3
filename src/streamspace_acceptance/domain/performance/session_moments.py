"""The moments of one session's start, from the request that was due to the desktop that answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.cluster.containers import is_native_sidecar
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.measuring.open_loop import ScheduledCall
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.answers import Answer

NAMES = ("due", "sent", "answered", "listed", "created", "scheduled", "started", "ready", "running", "desktop")


@dataclass
class SessionMoments:
    """Moments of the monotonic clock, None for what was not seen.

    `created` is when its first pod was seen, `initialized` when the pod's own init containers were done, `started` when
    the pod's containers ran, `ready` when the pod was Ready, `running` when the API said so, `desktop` when the desktop
    answered an RFB handshake. `uid` is the pod that was Ready first, `restarts` how often each of its containers had
    been started again by then; `fate` is its last state. `object_running` is when its object in Kubernetes said
    Running, `by_object` whether `running` is that moment.
    `desktop_closed` says why the suite may not open the desktop, `ended` how a session that ran came to its end.
    """

    number: int
    user: str
    session: str | None
    said: str
    due: float
    sent: float | None = None
    answered: float | None = None
    listed: float | None = None
    created: float | None = None
    scheduled: float | None = None
    initialized: float | None = None
    started: float | None = None
    ready: float | None = None
    running: float | None = None
    desktop: float | None = None
    status: str = "never listed"
    uid: str | None = None
    restarts: dict[str, int] = field(default_factory=dict)
    node: str | None = None
    fate: str = ""
    desktop_failure: str = ""
    desktop_closed: str = ""
    ended: str = ""
    object_running: float | None = None
    by_object: bool = False
    _not_yet: float = 0.0

    @classmethod
    def of(cls, user: str, call: ScheduledCall[Answer], made: Creation | None) -> SessionMoments:
        """The moments that the load knows of one request."""
        answer = str(made.answer.status) if made is not None else str(call.error or "never sent")
        answered = made.answer.received_at if made is not None else call.answered
        return cls(
            call.number,
            user,
            made.id if made is not None else None,
            answer,
            call.due,
            call.sent,
            answered,
        )

    @property
    def completed(self) -> float | None:
        """When the session ran in truth: the API said so, and its pod was Ready."""
        return None if self.running is None or self.ready is None else max(self.running, self.ready)

    @property
    def seconds(self) -> float | None:
        """From the moment when the request was due until the session ran."""
        return None if self.completed is None else self.completed - self.due

    @property
    def never_ran(self) -> str:
        """Why the session does not count as Running, with its last state; empty if it does."""
        if self.running is None:
            return f"{self.session} is {self.status}{self.fate and f' ({self.fate})'}"
        if self.ready is None:
            return f"{self.session} is called Running without a Ready pod{self.fate and f' ({self.fate})'}"
        if self.ended:
            return f"{self.session} ran and did not stay: {self.ended}"
        if self.desktop_failure:
            return f"{self.session} is Running without a desktop ({self.desktop_failure})"
        return ""

    def see_status(self, status: str, running: str, at: float, asked: float = 0.0) -> None:
        """The API's list, asked for and received at those moments, had the session.

        A session runs when the API and its object say so; the plan asks for the object. The list is late by up to one
        look. So the object's moment counts, unless a list that was asked for after it said otherwise.
        """
        self.listed = at if self.listed is None else self.listed
        self.status = status
        if status != running:
            self._not_yet = asked
        elif self.running is None:
            reported = self.object_running
            self.by_object = reported is not None and self._not_yet <= reported
            self.running = reported if self.by_object else at

    def see_pod(self, pod: Pod, at: float, *, deleted: bool) -> None:
        """The watch said this of a pod of the session."""
        self.fate = "its pod was deleted" if deleted else pod.describe()
        if pod.meta.uid == self.uid and (deleted or pod.is_over):
            self.ended = self.fate
        elif pod.ready and not deleted:
            self.ended = ""
        if deleted:
            return
        self.node = pod.node or self.node
        self.created = at if self.created is None else self.created
        if pod.node is not None and self.scheduled is None:
            self.scheduled = at
        if self.initialized is None and _has_init_containers(pod) and pod.conditions.get("Initialized", False):
            self.initialized = at
        if pod.running_containers == pod.containers and self.started is None:
            self.started = at
        if pod.ready and self.ready is None:
            self.ready, self.uid, self.restarts = at, pod.meta.uid, restarts(pod)

    def see_last_lists(self, statuses: Sequence[str | None], failed: str) -> None:
        """The session's status in the last lists of the API, None where it was not in one. A single list may be old."""
        if self.running is None or not statuses:
            return
        if statuses[-1] == failed:
            self.ended = f"it is {failed}{self.fate and f' ({self.fate})'}"
        elif not any(statuses):
            self.ended = f"the API does not list it any more{self.fate and f' ({self.fate})'}"

    def see_desktop(self, found: rfb.Framebuffer | str | None) -> None:
        """The result of a handshake with its desktop; None: there was none."""
        if isinstance(found, rfb.Framebuffer):
            self.desktop = found.at
        elif found is not None:
            self.desktop_failure = found


def restarts(pod: Pod) -> dict[str, int]:
    """How often each container of a pod was started again."""
    statuses = (pod.object.get("status") or {}).get("containerStatuses") or []
    return {status["name"]: int(status.get("restartCount", 0)) for status in statuses}


def pod_starts(sessions: Sequence[SessionMoments]) -> list[float]:
    """Seconds from the first report of each pod until its containers ran, by the watch.

    The product's own init containers run from the pod's placement on. Their time is the product's, not the cluster's.
    """
    return [
        session.started - session.created - _initialization(session)
        for session in sessions
        if session.started is not None and session.created is not None
    ]


def _initialization(session: SessionMoments) -> float:
    """Seconds for which the init containers ran; none without them."""
    if session.initialized is None or session.scheduled is None:
        return 0.0
    return session.initialized - session.scheduled


def _has_init_containers(pod: Pod) -> bool:
    initial = pod.object["spec"].get("initContainers") or ()
    return any(not is_native_sidecar(container) for container in initial)


def as_csv(sessions: Sequence[SessionMoments], began: float) -> str:
    """Every moment of every session, in seconds after the load's begin."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "user", "session", "answer", *NAMES, "status", "node"])
    for session in sessions:
        moments = ["" if moment is None else f"{moment - began:.3f}" for moment in _moments(session)]
        writer.writerow(
            [
                session.number,
                session.user,
                session.session or "",
                session.said,
                *moments,
                session.status,
                session.node or "",
            ]
        )
    return out.getvalue()


def table(sessions: Sequence[SessionMoments], began: float) -> str:
    """The same for people, as text."""
    rows = [["session", *NAMES, "status"]]
    for session in sessions:
        moments = ["-" if moment is None else f"{moment - began:.2f}" for moment in _moments(session)]
        rows.append([session.session or f"{session.user}: {session.said[:40]}", *moments, session.status])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _moments(session: SessionMoments) -> list[float | None]:
    return [getattr(session, name) for name in NAMES]
