"""The sessions' objects in Kubernetes, watched: they tell to the millisecond when a session came to run.

The API alone can be asked for a list at intervals, and so is known late. The suite may do without the watch: not every
product keeps a status in these objects, and not every user may watch them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import SessionObject
from streamspace_acceptance.cluster.watch import Change, watching_states
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.waiting import Recording


@dataclass(frozen=True)
class SessionObjects:
    """The recording of the watch of session objects; without a `recording`, `why_not` says why there is none."""

    recording: Recording[Change] | None = None
    why_not: str = "not watched"

    def first(self, words: Collection[str]) -> tuple[dict[str, float], str]:
        """{session: the moment when its object first had a phase that is one of `words`}, and why there are none."""
        if self.recording is None:
            return {}, self.why_not
        found: dict[str, float] = {}
        try:
            for change in self.recording.items():
                session = SessionObject.of(change.item.object)
                if session.phase in words:
                    found.setdefault(session.meta.name, change.at)
        except ClusterError as error:
            return {}, " ".join(str(error).split())
        return found, ""


@contextmanager
def watching_objects(clients: Clients) -> Iterator[SessionObjects]:
    """The watch of all session objects, begun when this returns, or the reason why there is none."""
    with ExitStack() as stack:
        yield _begin(clients, stack)


def _begin(clients: Clients, stack: ExitStack) -> SessionObjects:
    if not clients.profile.object_phase:
        return SessionObjects(None, "the product keeps no status in its session objects")
    try:
        if rights.missing(clients.cluster, rights.WATCHING):
            return SessionObjects(None, "this user may not watch sessions.stream.space")
        return SessionObjects(stack.enter_context(watching_states(clients.cluster, "sessions")))
    except ClusterError as error:
        return SessionObjects(None, " ".join(str(error).split()))
