"""The sessions of a scenario: each is recorded before it is requested, and deleted when the scenario ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from streamspace_acceptance import journal
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions import concurrent_requests, creation
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.listing import all_sessions, left_out, listed_at_last, listed_sessions
from streamspace_acceptance.domain.sessions.removal import Removal
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.measuring import open_loop
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp, Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import CREATION_SECONDS
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.waiting import now

LATER = "the product makes a further session of a request a while later"
LEFT_OUT = "the product's list of sessions leaves some out, and names no next page"
LOOKS_AGAIN = "`streamspace-acceptance sweep` looks again"


@dataclass
class _Record:
    """A request. `at` is when it was sent, of the monotonic clock: the machine's own may be set meanwhile."""

    asked: Asked
    entry: journal.JournalEntry
    seconds: float
    at: float = field(default_factory=now)
    sent: bool = True
    answered: bool = False
    named: str | None = None
    made: Creation | None = None

    @property
    def id(self) -> str | None:
        """The session that the request created: by the list, or by the answer where the list was not available."""
        return self.named if self.made is None else self.made.id

    def patience(self) -> float:
        """The seconds for which the request may still take effect; 0 for one that was answered or never sent."""
        return 0.0 if self.answered or not self.sent else max(self.at + self.seconds - now(), 0.0)


class Registry:
    """Makes sessions, and removes what it made and nothing else."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._api = clients.api
        self._records: list[_Record] = []
        self.sessions: list[Session] = []
        self._left_out: list[str] = []

    def ask(self, user: str, template: str, size: str | Size | None) -> Creation:
        """Requests a session, whether it is created or not."""
        record = self._intend(self._asked(user, template, size, self._there()), CREATION_SECONDS)
        answer = creation.send(self._api, record.asked, CREATION_SECONDS)
        self._note_answer(record, answer)
        made = creation.conclude(self._api, record.asked, answer, listed_sessions(self._api))
        if made.id is not None and not made.listed:
            with suppress(Unmet):  # the list is wrong, or shows it never: the criteria say so
                later = listed_at_last(self._api, [made.id])
                made = creation.conclude(self._api, record.asked, answer, later)
        return self._note(record, made)

    def ask_together(self, users: Sequence[str], template: str, size: str | Size | None) -> ConcurrentRequests:
        """Each of the users requests a session at the same time, whether it is created or not."""
        before = self._there()
        records = [self._intend(self._asked(user, template, size, before), CREATION_SECONDS) for user in users]
        answers = concurrent_requests.ask_together(
            self._api,
            [record.asked for record in records],
            lambda number, answer: self._note_answer(records[number], answer),
        )
        after = listed_sessions(self._api)
        creations = [
            self._note(record, creation.conclude(self._api, record.asked, answer, after))
            for record, answer in zip(records, answers, strict=True)
        ]
        return ConcurrentRequests(creations, [self.enter(made.id) for made in creations if made.id is not None])

    def ask_on_schedule(
        self, users: Sequence[str], template: str, size: str | Size | None, offsets: Sequence[float]
    ) -> ScheduledRequests:
        """Each user requests a session at an offset, in seconds after the load's begin, whatever the others take."""
        before = self._there()
        records = [self._intend(self._asked(user, template, size, before), CREATION_SECONDS) for user in users]
        for record in records:
            record.sent = False
        load = open_loop.call_on_schedule([partial(self._send, record) for record in records], offsets)
        after = listed_sessions(self._api, passed_over=(Unmet, NoAnswer))  # a load may have overcome the API
        creations = [
            None
            if scheduled.outcome is None
            else self._note(record, creation.conclude(self._api, record.asked, scheduled.outcome, after))
            for record, scheduled in zip(records, load.calls, strict=True)
        ]
        return ScheduledRequests(load, [record.asked for record in records], creations)

    def _asked(self, user: str, template: str, size: str | Size | None, before: frozenset[str]) -> Asked:
        return Asked(self._clients.own_user(user), template, size, before)

    def _there(self) -> frozenset[str]:
        """The sessions before a request: those of the list, and this run's own, which the list may show later."""
        own = {record.id for record in self._records if record.id is not None}
        return all_sessions(self._api, self._clients.cluster) | own | self._clients.left

    def release(self, ids: Sequence[str]) -> list[str]:
        """Deletes some of the scenario's sessions before its end; what is left of them, in sentences.

        Remains that take no room from the next sessions are not told: the clean-up reports them.
        """
        self._note_left_out(ids)
        removal = Removal(self._clients, ids)
        troubles = removal.run() if ids else []
        if removal.takes_no_room:
            return []
        for record in [] if troubles else [record for record in self._records if record.id in ids]:
            journal.record_revert(record.entry)
            self._records.remove(record)
        return troubles

    def _send(self, record: _Record) -> Answer:
        record.sent, record.at = True, now()
        answer = self._api.create_session(
            record.asked.user,
            record.asked.template,
            record.asked.size,
            request=record.asked.request,
            seconds=record.seconds,
        )
        self._note_answer(record, answer)
        return answer

    def _intend(self, asked: Asked, seconds: float) -> _Record:
        """Records the request, also in the journal, before it is sent; `seconds` is how long its answer may take."""
        entry = journal.record_intent(
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

    def _note_answer(self, record: _Record, answer: Answer) -> None:
        """Notes the answer at once: the product may not give its list afterwards."""
        record.answered, record.named = True, creation.named(self._api, record.asked, answer)
        if record.named is not None:
            journal.record_outcome(record.entry, id=record.named)

    @staticmethod
    def _note(record: _Record, made: Creation) -> Creation:
        record.made = made
        if made.id != record.named:
            journal.record_outcome(record.entry, id=made.id)
        return made

    def enter(self, session_id: str) -> Session:
        """The session of that id, watched from now on."""
        secret_sources.except_for(session_id)
        session = Session(session_id, self._clients)
        self.sessions.append(session)
        return session

    def clean_up(self) -> None:
        """Deletes what was made and waits until it is gone from the API and from Kubernetes; CleanupFailure otherwise.

        What is left stays in the journal: the next start looks for it again, or a sweep.
        """
        for session in self.sessions:
            session.close()
        try:
            ids, troubles = self._made()
            self._note_left_out(ids)
            removal = Removal(self._clients, ids)
            left = removal.run() if ids else []
            later = [] if left else self._made_later(ids)
            left += self.remove(later)
        except (NoAnswer, ClusterError, Unmet) as error:
            reason = " ".join(str(error).split())
            raise CleanupFailure(f"{self._asked_for()} may be left ({LOOKS_AGAIN}): {reason}") from error
        self._clients.left.update(ids if left else ())
        if left and not troubles and removal.kind is not None:
            raise FoundByCleanUp(f"{'; '.join(left)} ({LOOKS_AGAIN})", removal.kind)
        if troubles or left:
            raise CleanupFailure(f"{'; '.join([*troubles, *left])} ({LOOKS_AGAIN})")
        for record in self._records:
            journal.record_revert(record.entry)
        if later:
            raise FoundByCleanUp(f"session {', '.join(later)}, now deleted", LATER)
        if self._left_out:
            count = len(self._left_out)
            raise FoundByCleanUp(f"{count} that it shows alone, one of them {self._left_out[0]}", LEFT_OUT)

    def _note_left_out(self, ids: Collection[str]) -> None:
        """Notes the sessions that the list leaves out, at the most at one time. The plan has no criterion about it."""
        with suppress(Unmet, NoAnswer):  # then there is no list, which the criteria say
            self._left_out = max(self._left_out, left_out(self._api, ids), key=len)

    def _asked_for(self) -> str:
        """The sessions by id, or by template and user where the id is unknown."""
        return ", ".join(
            record.id or f"a {record.asked.template!r} session of {record.asked.user!r}" for record in self._records
        )

    def remove(self, ids: list[str]) -> list[str]:
        """Deletes those sessions and waits until they are gone; what is left in the end."""
        if not ids:
            return []
        return Removal(self._clients, ids).run()

    def _made_later(self, known: Collection[str]) -> list[str]:
        """The sessions that a request certainly made besides, after the list had shown what it made."""
        made = [record.asked for record in self._records if record.id is not None]
        if not made:
            return []
        after = listed_sessions(self._api, passed_over=(Unmet, NoAnswer))
        return sorted(frozenset().union(*(creation.certainly_made(asked, after) for asked in made)) - set(known))

    def _made(self) -> tuple[list[str], list[str]]:
        """The ids of the sessions that this scenario made, and a sentence for each that may be its own."""
        made = [record.made for record in self._records if record.made is not None]
        known = {record.id for record in self._records if record.id is not None}.union(*(own.others for own in made))
        named = [session for own in made if (session := creation.also_named(self._api, own)) is not None]
        known |= {session_id for session_id, is_mine in named if is_mine}
        doubtful = {session_id for session_id, is_mine in named if is_mine is None} - known
        ids, troubles = set(known), [f"{left_alone(doubtful)}: the list calls it otherwise"] if doubtful else []
        unknown = [record for record in self._records if record.id is None and record.sent]
        if not unknown:
            return sorted(ids), troubles
        waiting = [record for record in unknown if record.patience() > 0]
        patience = max((record.patience() for record in waiting), default=0.0)
        after = creation.await_made(self._api, [record.asked for record in waiting], patience)
        for record in unknown:
            certain = creation.certainly_made(record.asked, after) - known
            ids |= certain
            strays = creation.made(record.asked, after) - known - certain
            troubles += [f"{left_alone(strays)}: no answer has said which session was made"] if strays else []
        return sorted(ids), troubles


def left_alone(ids: Collection[str]) -> str:
    """That these sessions stay, and why, as a part of a sentence."""
    what = "it" if len(ids) == 1 else "each of them"
    return f"left alone, for {what} may be somebody else's: session {', '.join(sorted(ids))}"
