"""The sessions that a ramp holds: their users, the pods that served them first, and whether they are still alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.taken_pods import taken
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance.session_follower import REST_SECONDS, handshake
from streamspace_acceptance.domain.performance.session_moments import restarts
from streamspace_acceptance.domain.performance.taken_away import idle_limit
from streamspace_acceptance.domain.sessions.listing import completed
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.api import SessionList
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import Budget, Wait, elapse, now, poll

SESSIONS_A_USER = 5
"""A shipped StreamSpace allows each user so many."""
Certainty = Literal["certain", "may pass"]


@dataclass(frozen=True)
class HeldSession:
    """A session that ran, and the uid of the pod that was Ready first: its identity. `restarts` are those before.

    `node` is that pod's; `since`, the moment from which the session is held.
    """

    id: str
    user: str
    uid: str | None
    restarts: Mapping[str, int] = field(default_factory=dict)
    node: str | None = None
    since: float = field(default_factory=now)


@dataclass
class HeldSessions:
    """The sessions that run, oldest first. `answered` are those whose desktops have answered a handshake."""

    clients: Clients
    sessions: list[HeldSession] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)

    @property
    def ids(self) -> list[str]:
        """Their ids, oldest first."""
        return [session.id for session in self.sessions]

    def new_users(self, count: int) -> list[str]:
        """A user for each of `count` further sessions; nobody has more than SESSIONS_A_USER."""
        taken = Counter(session.user for session in self.sessions)
        users: list[str] = []
        number = 1
        while len(users) < count:
            free = max(SESSIONS_A_USER - taken[f"capacity{number}"], 0)
            users += [f"capacity{number}"] * min(free, count - len(users))
            number += 1
        return users

    def drop(self, ids: Collection[str]) -> None:
        """Those are not held any more."""
        self.sessions = [session for session in self.sessions if session.id not in ids]

    def find_lost(self, budget: Budget, dwell: Budget | None) -> dict[str, str]:
        """{session: its state} for those that do not run on their first pod; a passing trouble gets `budget`.

        With `dwell` they must also last that long.
        """
        found = self._settle(budget)
        if dwell is not None and not found:
            elapse(Wait(f"{len(self.sessions)} sessions", "all of them last", dwell))
            found = self._settle(budget)
        return {session: words for session, (words, _) in found.items()}

    def taken_away(self, lost: Mapping[str, str]) -> dict[str, str]:
        """{session: why} for the lost ones that nobody's defect took away.

        The cluster took its pod, or the product hibernated a session by the idle limit that it announces.
        """
        gone = [session for session in self.sessions if session.id in lost]
        found = {session.id: self._taken_away(session, lost[session.id]) for session in gone}
        return {session_id: f"{lost[session_id]}: {why}" for session_id, why in found.items() if why}

    def _taken_away(self, session: HeldSession, words: str) -> str:
        if why := taken(self.clients.cluster, session.uid, session.node):
            return why
        if not words.endswith(f"is {self.clients.profile.statuses['hibernated']}"):
            return ""
        limit, held = idle_limit(self.clients.cluster, session.id), now() - session.since
        if limit is None or held < limit * self.clients.budgets.scale:
            return ""
        return f"the session's idleTimeout is {limit:g} s, and it was held for {held:.0f} s"

    def open_samples(self) -> dict[str, str]:
        """{session: how its desktop failed, or nothing} for the oldest, the newest and one between that is looked at
        for the first time, or else for the longest.
        """
        between = sorted(self.ids[1:-1], key=lambda session_id: session_id in self.answered)
        chosen = dict.fromkeys([*self.ids[:1], *between[:1], *self.ids[-1:]])
        found = {session_id: self._desktop(session_id) for session_id in chosen}
        self.answered |= {session_id for session_id, words in found.items() if not words}
        return found

    def drop_silent(self, samples: Mapping[str, str], answered: Collection[str]) -> dict[str, str]:
        """Drops those whose desktops have `answered` before and do not any more; {session: its state} for each."""
        silent = {
            session_id: f"{session_id} runs, and its desktop does not answer any more: {words}"
            for session_id, words in samples.items()
            if words and session_id in answered
        }
        self.drop(silent)
        return silent

    def _desktop(self, session_id: str) -> str:
        wait = Wait(f"session {session_id}", "its desktop answers", self.clients.budgets.named("browser"))
        try:
            poll(
                wait,
                lambda: self._knock(session_id),
                met=lambda found: isinstance(found, rfb.Framebuffer),
                says=lambda found: found if isinstance(found, str) else f"{found.width}x{found.height}",
                likely=lambda _: "see what the last handshake came to",
                every=REST_SECONDS,
            )
        except Unmet as unmet:
            return unmet.actual
        return ""

    def _knock(self, session_id: str) -> rfb.Framebuffer | str:
        """One handshake; an API that is away, as after a crash, is as good as a desktop that does not answer."""
        try:
            return handshake(self.clients, session_id)
        except NoAnswer as error:
            return " ".join(str(error).split())

    def _settle(self, budget: Budget) -> Mapping[str, tuple[str, Certainty]]:
        """The troubles that are left once the others have passed, or the budget is used up."""
        seen: list[Mapping[str, tuple[str, Certainty]]] = [{}]

        def look() -> Mapping[str, tuple[str, Certainty]]:
            seen[0] = self._look()
            return seen[0]

        with suppress(Unmet):
            poll(
                Wait(f"{len(self.sessions)} sessions", "all alive", budget),
                look,
                met=lambda troubles: not troubles,
                says=lambda troubles: f"{len(self.sessions) - len(troubles)} of {len(self.sessions)} alive",
                impossible=_impossible,
                likely=lambda _: "see each of them",
            )
        return seen[0]

    def _look(self) -> Mapping[str, tuple[str, Certainty]]:
        if not self.sessions:
            return {}
        try:
            listed = completed(self.clients.api, self.clients.api.sessions(), self.ids)
        except (Unmet, NoAnswer) as error:
            why = " ".join(str(error).split())
            return {session.id: (f"the API gives no list: {why}", "may pass") for session in self.sessions}
        pods = {pod.meta.uid: pod for pod in self.clients.cluster.pods()}
        return dict(self._troubles(listed, pods))

    def _troubles(self, listed: SessionList, pods: Mapping[str, Pod]) -> Iterator[tuple[str, tuple[str, Certainty]]]:
        word = self.clients.profile.statuses["running"]
        for session in self.sessions:
            pod, status = pods.get(session.uid or ""), listed.status(session.id)
            if pod is None or not pod.stays:
                yield session.id, (f"{session.id} lost its pod and is {status or 'not listed'}", "certain")
            elif self._began_anew(session, pod):
                yield session.id, (f"{session.id} lost what ran in it: its container was started anew", "certain")
            elif status != word or not pod.ready:
                yield session.id, (f"{session.id} is {status or 'not listed'}, {pod.describe()}", "may pass")

    def _began_anew(self, session: HeldSession, pod: Pod) -> bool:
        """Whether the desktop's own container was started again, and not only one beside it."""
        again = {name for name, count in restarts(pod).items() if count > session.restarts.get(name, 0)}
        return bool(again) and self.clients.cluster.main_container(pod.object).name in again


def _impossible(troubles: Mapping[str, tuple[str, Certainty]]) -> str | None:
    if troubles and all(certainty == "certain" for _, certainty in troubles.values()):
        return f"{len(troubles)} have lost their pods"
    return None
