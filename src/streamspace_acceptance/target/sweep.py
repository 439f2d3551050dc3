"""Cleaning up after runs that were killed: what their journals say is left, on this target, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus

from streamspace_acceptance import journal, lock_files
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.disruption.network_cut import revert
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions import creation
from streamspace_acceptance.domain.sessions.creation import Asked
from streamspace_acceptance.domain.sessions.registry import Registry, left_alone
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.journal import JournalEntry, StaleJournal
from streamspace_acceptance.lock_files import Json, RecordError
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.http import CALL_SECONDS, NoAnswer
from streamspace_acceptance.waiting import wall_clock

SKEW_SECONDS = 5.0  # between this machine's clock and the product's; a session outside is left and named
Say = Callable[[str], object]


def sweep(clients: Clients, say: Say) -> frozenset[str]:
    """Removes what dead runs left on this target; one sentence for each thing removed and for each that stays.

    Returns the ids of the sessions that stay.
    """
    namespace, stay = clients.cluster.namespace_uid(), set[str]()
    for path in journal.all_paths():
        with journal.acquire_stale(path) as left:
            if left is not None and left.target.get("namespace_uid") == namespace:
                stay |= _Sweep(left, clients, say).run()
    forget_embedded()
    return frozenset(stay)


def is_on_record(target: Json) -> bool:
    """Whether a dead run was about exactly this API and this namespace."""
    for path in journal.all_paths():
        with journal.acquire_stale(path) as left:
            if left is not None and left.target == target:
                return True
    return False


def forget_embedded() -> None:
    """Drops the journals of runs whose embedded StreamSpace ended with them."""
    for path in journal.all_paths():
        with journal.acquire_stale(path) as left:
            if left is not None and (left.target.get("embedded") or not left.entries):
                left.remove()


def kept() -> list[str]:
    """A sentence for each journal of a dead run that is still there."""
    sentences = []
    for path in journal.all_paths():
        with journal.acquire_stale(path) as left:
            if left is not None and not left.target:
                sentences.append(f"{path} is kept, but no longer names its target: read it, then delete it.")
            elif left is not None:
                where = f"{left.target.get('api_url')}, namespace {left.target.get('namespace')}"
                sentences.append(f"{path} is kept: a killed run left something at {where}, which is not swept yet.")
    return sentences


def forget(say: Say, is_confirmed: Callable[[], bool]) -> int:
    """Drops the journals of dead runs whose targets are gone for ever, once a person has read and confirmed them.

    Returns how many were dropped. Whatever the runs left stays where it is.
    """
    forgotten = 0
    for path in journal.all_paths():
        with journal.acquire_stale(path) as left:
            if left is None:
                continue
            where = f"{left.target.get('api_url')}, namespace {left.target.get('namespace')}"
            say(f"{path}: a killed run left this at {where}:")
            for entry in left.entries:
                say(f"  {entry.kind} {entry.outcome.get('id') or ''} {entry.what}")
            if is_confirmed():
                left.remove()
                forgotten += 1
    return forgotten


class _NotCertain(Exception):
    """A session is there that may be the killed run's, or somebody else's."""


def in_use() -> list[str]:
    """A sentence for each journal that somebody holds: a run that is going on, or another sweep."""
    found = [path for path in journal.all_paths() if lock_files.is_locked(path)]
    return [f"{path} is left alone: its run is going on, or is being swept already." for path in found]


@dataclass
class _Sweep:
    left: StaleJournal
    clients: Clients
    say: Say
    _troubles: list[str] = field(default_factory=list)
    _stay: set[str] = field(default_factory=set)
    _reported: set[str] = field(default_factory=set)

    def run(self) -> set[str]:
        """Reverts disruptions first, so that the product can work; sessions are deleted before their templates.

        Returns the ids of the sessions that stay.
        """
        for entry in reversed(self._of("disruption")):
            self._try(partial(self._revert_disruption, entry))
        self._try(self._remove_sessions)
        for entry in self._of("user"):
            self._try(partial(self._remove_user, entry))
        if not self._of("session"):
            self._try(self._remove_templates)
        for trouble in self._troubles:
            self.say(f"A killed run left this, and it stays: {trouble}.")
        if not self.left.entries:
            self.left.remove()
        return self._stay

    def _of(self, kind: str) -> list[JournalEntry]:
        return [entry for entry in self.left.entries if entry.kind == kind]

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (ClusterError, NoAnswer, Unmet, RecordError) as error:
            self._troubles.append(" ".join(str(error).split()))

    def _revert_disruption(self, entry: JournalEntry) -> None:
        what = entry.what
        if what["kind"] == "cut":
            revert(self.clients.cluster, what)
            self.say(f"Reverted after a killed run: the network of pod {what['pod']}.")
        elif what["kind"] == "scaling" and self.clients.cluster.replicas(what["deployment"]) == what["replicas"]:
            self.clients.cluster.scale(what["deployment"], what["before"])
            self.say(f"Reverted after a killed run: {what['deployment']} has {what['before']} replicas again.")
        elif what["kind"] == "scaling" and self.clients.cluster.replicas(what["deployment"]) != what["before"]:
            self.say(f"{what['deployment']} was scaled by somebody else after a killed run: it is left alone.")
        self.left.record_revert(entry)

    def _remove_sessions(self) -> None:
        entries = self._of("session")
        found: dict[int, frozenset[str]] = {}
        for entry in entries:
            with suppress(_NotCertain):
                found[entry.number] = self._session(entry, self._taken(entries))
        ids = sorted(frozenset[str]().union(*found.values()))
        if ids:
            self.say(
                f"Left by a killed run, deleted first: {', '.join(f'session {session_id}' for session_id in ids)}."
            )
        stays = Registry(self.clients).remove(ids) if ids else []
        self._troubles += stays
        if stays:
            self._stay.update(ids)
            return
        for session_id in ids:
            self.say(f"Removed after a killed run: session {session_id}.")
        for entry in entries:
            if entry.number in found:
                self.left.record_revert(entry)

    @staticmethod
    def _taken(entries: Iterable[JournalEntry]) -> frozenset[str]:
        return frozenset(entry.outcome["id"] for entry in entries if entry.outcome.get("id") is not None)

    def _session(self, entry: JournalEntry, taken: frozenset[str]) -> frozenset[str]:
        """The existing sessions that an intent created; _NotCertain when the sweep cannot attribute them."""
        session_id = entry.outcome.get("id")
        if session_id is not None:
            return frozenset({session_id} if self._is_still(entry, session_id) else ())
        asked = Asked(
            entry.what["user"],
            entry.what["template"],
            None,
            frozenset(entry.what["before"]) | taken,
            entry.what.get("request", ""),
        )
        longest = _answer_seconds(entry)
        patience = min(max(entry.at + longest - wall_clock(), 0.0), longest)  # the clock may have been set back
        after = creation.await_made(self.clients.api, [asked], patience)
        if certain := creation.certainly_made(asked, after):
            return certain
        strays = [stray for stray in sorted(creation.made(asked, after)) if self._is_of_then(entry, stray)]
        if strays:
            self._tell_once(
                f"A killed run had requested a session and had no answer yet. Its session may be "
                f"{left_alone(strays)}. Delete it if nobody uses it; otherwise delete {self.left.path}."
            )
            raise _NotCertain
        return certain

    def _is_still(self, entry: JournalEntry, session_id: str) -> bool:
        """By uid where the run saw it; else the answer to its own request named it, and it is as old as that."""
        known, there = entry.outcome.get("uid"), self.clients.cluster.session_object(session_id)
        if known is not None and there is not None:
            return bool(known == there.meta.uid)
        if session_id not in self.clients.api.sessions().ids:
            return there is not None and known is None
        return self._is_of_then(entry, session_id)

    def _is_of_then(self, entry: JournalEntry, session_id: str) -> bool:
        made = self.clients.api.session(session_id).get(self.clients.api.profile.fields["created_at"])
        try:
            moment = datetime.fromisoformat(made).timestamp() if isinstance(made, str) else None
        except ValueError:
            moment = None
        sure = moment is not None and -SKEW_SECONDS <= moment - entry.at <= _answer_seconds(entry) + SKEW_SECONDS
        if not sure:
            self._tell_once(
                f"Session {session_id} is left alone: made at {made!r}, it is not certain to be a killed run's."
            )
        return sure

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._reported:
            self._reported.add(sentence)
            self.say(sentence)

    def _remove_user(self, entry: JournalEntry) -> None:
        account = entry.outcome.get("id") or entry.what["name"]
        answer = self.clients.api.call("delete_user", account)
        if answer.ok:
            self.say(f"Removed after a killed run: the user {account}.")
        if answer.ok or answer.status == HTTPStatus.NOT_FOUND:
            self.left.record_revert(entry)
        else:
            self._troubles.append(f"user {account}: {answer.status} {answer.excerpt()}")

    def _remove_templates(self) -> None:
        for mark in sorted({entry.what["mark"] for entry in self._of("template")}):
            registry = TemplateRegistry(self.clients, mark)
            there = bool(
                [template for template in registry.api.listed() if registry.is_mine(template)]
                or registry.in_kubernetes()
            )
            stays = registry.remove()
            self._troubles += stays
            if stays:
                continue
            if there:
                self.say(f"Removed after a killed run: the templates whose names end in {mark}.")
            for entry in [entry for entry in self._of("template") if entry.what["mark"] == mark]:
                self.left.record_revert(entry)


def _answer_seconds(entry: JournalEntry) -> float:
    """How long the answer to the request of an intent could take; older journals do not say."""
    return float(entry.what.get("seconds", CALL_SECONDS))
