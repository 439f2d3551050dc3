"""The sessions that a scenario made: each on record before it is asked for, each gone when the scenario is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from streamspace_acceptance import journal
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import CALL_SECONDS, NoAnswer
from streamspace_acceptance.sessions import creation, crowd
from streamspace_acceptance.sessions.creation import Asked, Creation
from streamspace_acceptance.sessions.session import Session
from streamspace_acceptance.verdict.outcomes import Leak
from streamspace_acceptance.waiting import Wait, poll, wall_clock

NOT_FOUND = 404


@dataclass
class _Record:
    asked: Asked
    entry: journal.Entry
    seconds: float
    made: Creation | None = None

    def patience(self) -> float:
        """For how many seconds the request may still be on its way; one that was answered is not."""
        return 0.0 if self.made is not None else max(self.entry.at + self.seconds - wall_clock(), 0.0)


class Registry:
    """Makes sessions, and removes what it made and nothing else."""

    def __init__(self, api: StreamSpaceApi, cluster: Cluster, budgets: Budgets) -> None:
        self._api = api
        self._cluster = cluster
        self._budgets = budgets
        self._records: list[_Record] = []
        self.sessions: list[Session] = []

    def ask(self, user: str, template: str, size: str | None) -> Creation:
        """Asks for a session, whatever comes of it."""
        record = self._intend(Asked(user, template, size, self._api.sessions().ids), CALL_SECONDS)
        return self._note(record, creation.ask(self._api, record.asked))

    def ask_together(self, users: Sequence[str], template: str, size: str | None) -> list[Creation]:
        """Each of the users asks for a session in the same instant, whatever comes of it."""
        before = self._api.sessions().ids
        patience = crowd.PATIENCE_SECONDS
        records = [self._intend(Asked(user, template, size, before), patience) for user in users]
        answers = crowd.ask_together(self._api, [record.asked for record in records])
        after = self._api.sessions()
        return [
            self._note(record, creation.conclude(self._api, record.asked, answer, after))
            for record, answer in zip(records, answers, strict=True)
        ]

    def _intend(self, asked: Asked, seconds: float) -> _Record:
        """On record, and in the journal, before it is asked for; `seconds` is how long its answer may take."""
        entry = journal.intend(
            "session",
            user=asked.user,
            template=asked.template,
            before=sorted(asked.before),
            request=asked.request,
            seconds=seconds,
        )
        record = _Record(asked, entry, seconds)
        self._records.append(record)
        return record

    @staticmethod
    def _note(record: _Record, made: Creation) -> Creation:
        record.made = made
        if made.id is not None:
            journal.came_of(record.entry, id=made.id)
        return made

    def enter(self, session_id: str) -> Session:
        """The session of that id, watched from now on."""
        session = Session(session_id, self._api, self._cluster, self._budgets)
        self.sessions.append(session)
        return session

    def clean_up(self) -> None:
        """Deletes what was made and waits until it is gone from the API and from Kubernetes; Leak otherwise."""
        for session in self.sessions:
            session.close()
        try:
            ids, troubles = self._made()
            troubles += self.remove(ids) if ids else []
        except (NoAnswer, ClusterError) as error:
            raise Leak(
                f"{self._asked_for()} may be left (`streamspace-acceptance sweep` looks again): {error}"
            ) from error
        if troubles:
            raise Leak("; ".join(troubles))
        for record in self._records:
            journal.undone(record.entry)

    def _asked_for(self) -> str:
        """The sessions by id, and where none is known by what was asked for."""
        made = [(each.asked, each.made.id if each.made is not None else None) for each in self._records]
        return ", ".join(name or f"a {asked.template!r} session of {asked.user!r}" for asked, name in made)

    def remove(self, ids: list[str]) -> list[str]:
        """Deletes those sessions and waits until they are gone; what is left in the end."""
        refused = [trouble for each in ids if (trouble := self._delete(each))]
        return refused + self._wait_until_gone(ids)

    def _made(self) -> tuple[list[str], list[str]]:
        """The ids of what was made; and what may have been made, but cannot be told from what others made."""
        made = [record.made for record in self._records if record.made is not None]
        known = {each.id for each in made if each.id is not None}.union(*(each.others for each in made))
        ids, troubles = set(known), []
        for record in self._records:
            if record.made is None or record.made.id is None:
                certain = creation.await_made(self._api, record.asked, record.patience()) - known
                ids |= certain
                strays = creation.made(record.asked, self._api.sessions()) - known - certain
                troubles += [f"{left_alone(strays)}: no answer has said which session was made"] if strays else []
        return sorted(ids), troubles

    def _delete(self, session_id: str) -> str | None:
        answer = self._api.delete_session(session_id)
        if answer.ok or answer.status == NOT_FOUND:
            return None
        return f"session {session_id} cannot be deleted: {answer.status} {answer.excerpt()}"

    def _wait_until_gone(self, ids: list[str]) -> list[str]:
        wait = Wait(_named(ids), "gone", self._budgets.named("deletion"))
        left: list[str] = []

        def look() -> list[str]:
            left[:] = self._left(ids)
            return left

        try:
            poll(
                wait,
                look,
                met=lambda found: not found,
                says=lambda found: f"left: {', '.join(found)}" if found else "gone",
                likely=lambda _: "the product does not finish the deletion",
            )
        except AssertionError as error:
            return [f"left behind after {wait.elapsed:.1f} s: {', '.join(left)} ({error.__class__.__name__})"]
        return []

    def _left(self, ids: list[str]) -> list[str]:
        """What is still there of the sessions: the API is asked first, Kubernetes once the API has none left."""
        listed = self._api.sessions().ids & set(ids)
        if listed:
            return [f"session {each} in the API" for each in sorted(listed)]
        looks: list[Callable[[], list[str]]] = [
            lambda: [f"session {each.meta.name}" for each in self._cluster.session_objects() if each.meta.name in ids],
            lambda: [f"pod {each.meta.name}" for each in self._cluster.pods() if self._of(each.meta.labels) in ids],
            lambda: [f"claim {each.meta.name}" for each in self._cluster.claims() if self._of(each.meta.labels) in ids],
        ]
        return next((found for look in looks if (found := look())), [])

    def _of(self, labels: dict[str, str]) -> str | None:
        return labels.get(self._api.profile.session_label)


def left_alone(ids: Collection[str]) -> str:
    """That these sessions stay, and why, as a part of a sentence."""
    what = "it" if len(ids) == 1 else "each of them"
    return f"left alone, for {what} may be somebody else's: session {', '.join(sorted(ids))}"


def _named(ids: list[str]) -> str:
    return f"session {ids[0]}" if len(ids) == 1 else f"{len(ids)} sessions"
