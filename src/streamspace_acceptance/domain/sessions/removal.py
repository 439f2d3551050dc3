"""The deletion of sessions that the run has made: requested, and waited for until nothing is left of them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.remains import IN_API, KINDS, NEVER_AWAITED_IN_VAIN, PODS, Remains
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import NoAnswer, TokenRefused
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Wait, now, poll, shutdown_prolonged

REFUSED = "the product refuses to delete sessions"
STAYS = "the product does not finish the deletion of sessions"
RUNS_ON = "the product leaves pods of deleted sessions"
NO_LONGER_KNOWN = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
LISTED = "the product goes on listing sessions of which nothing is left"
FORGOTTEN = "the product forgets sessions whose pods live on"
AGAIN_SECONDS = 1.0
"""The seconds between two requests for a refused deletion, so as not to burden a product in trouble."""
TOLD = 3
AT_ONCE = 20
"""So many sessions may take the plan's time for a deletion together; more of them, as many times that."""
HANDS = 8
"""So many deletions are requested at a time."""
SHUTDOWN_SECONDS, MOST_SHUTDOWN_SECONDS = 10.0, 30.0
"""Once the run has to end, AT_ONCE sessions and more get so much longer to be gone, for each AT_ONCE of them."""


class Removal:
    """Removes those sessions. It ends once nothing more of them has gone for the whole budget of a deletion.

    So a busy machine, on which the pods of many sessions end one after the other, is given the time that it needs, at
    most as long as the plan gives on a real clock.

    `kind` is what the product does wrong, where something is left and every call was answered; None otherwise.
    `takes_no_room`: of all that is left, nothing is a pod.

    A deletion that is refused or not answered is requested again until the budget is used up, since trouble may pass.
    Only a token that is no longer accepted ends it at once (TokenRefused).
    """

    def __init__(self, clients: Clients, ids: Sequence[str]) -> None:
        self._clients = clients
        self._api = clients.api
        self._remains = Remains(clients, ids)
        self._stays = clients.stays
        self._ids = ids
        self._subject = f"session {ids[0]}" if len(ids) == 1 else f"{len(ids)} sessions"
        budget = clients.budgets.named("deletion")
        self._budget = Budget(budget.name, budget.plan_seconds * math.ceil(len(ids) / AT_ONCE), budget.scale)
        self._not_accepted = list(ids)
        self._unanswered = False
        self._forgotten: list[str] = []
        self.kind: str | None = None
        self.takes_no_room = False

    def run(self) -> list[str]:
        """Deletes the sessions. Returns what is left in the end, and why; empty if nothing is left."""
        with shutdown_prolonged(min(SHUTDOWN_SECONDS * (len(self._ids) // AT_ONCE), MOST_SHUTDOWN_SECONDS)):
            return self._run()

    def _run(self) -> list[str]:
        began = now()
        refused = self._request_deletions()
        if refused:
            accepted = Wait(self._subject, "deletion accepted", self._budget, began)
            accepted.note("; ".join(refused), began)
            refused = _in_the_end(accepted, self._request_deletions, every=AGAIN_SECONDS)
        if refused and self._unanswered:  # nothing answers: to ask once more what is left would take as long again
            return refused
        self.kind = REFUSED if refused else None
        left = self._left_in_the_end(began)
        is_cut_short = bool(left) and now() - began < self._budget.seconds  # an interrupted run has less time
        if self._unanswered or is_cut_short:
            self.kind = None
            return refused or [_left_behind(left, began)]
        found = self._remains.by_kind() if left or self._stays else {}
        if not found:
            return refused
        self.takes_no_room = not refused and PODS not in found
        if not refused:
            self._delete_again()
            self.kind = self._defect(found)
            self._stays |= {kind: frozenset(self._ids) for kind in found.keys() - NEVER_AWAITED_IN_VAIN}
        forgotten = f"the API says 404 for {', '.join(self._forgotten)}; " if self.kind == FORGOTTEN else ""
        return [*refused, forgotten + _left_behind([remnant for kind in found.values() for remnant in kind], began)]

    def _delete_again(self) -> None:
        """Requests once more to delete what the API shows as living: the deletion was lost, and it uses up a quota."""
        over = self._api.profile.statuses["terminating"]
        for session_id in self._ids:
            with suppress(Unmet, NoAnswer):  # what is left is told in any case
                if self._api.status(session_id) != over:
                    self._api.delete_session(session_id)

    def _defect(self, found: Mapping[str, list[str]]) -> str:
        if self._forgotten and PODS in found:
            return FORGOTTEN
        if PODS in found:
            return RUNS_ON
        return LISTED if list(found) == [IN_API] else STAYS

    def _left_in_the_end(self, began: float) -> list[str]:
        """The remains once nothing more of them goes, or the plan's seconds have passed on a real clock."""
        self._await_the_late_again()
        started, before = began, set(self._look())
        while before:
            gone = Wait(self._subject, "gone", self._budget, started)
            left = _in_the_end(gone, self._look, every=POLL_SECONDS)
            started = now()
            if not left or before.issubset(left) or started - began > self._budget.plan_seconds:
                return left
            before = set(left)
        return []

    def _await_the_late_again(self) -> None:
        """Take those kinds from the ones that stay whose remains were only late: they are gone by now."""
        with suppress(NoAnswer, ClusterError, Unmet):  # then it is unknown, and the kind counts as one that stays
            for kind, ids in tuple(self._stays.items()):
                if kind in KINDS and not Remains(self._clients, sorted(ids)).has(kind):
                    del self._stays[kind]

    def _request_deletions(self) -> list[str]:
        """Requests each deletion that is not accepted yet; returns the refusals. Stops where nothing answers."""
        self._unanswered, troubles = False, list[str]()
        over, wanted = threading.Event(), tuple(self._not_accepted)
        with ThreadPoolExecutor(HANDS, "deletion") as hands:
            try:
                answers = list(hands.map(partial(self._request_deletion, over), wanted))
            finally:
                over.set()
        for session_id, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Unmet):
                troubles.append(f"session {session_id} cannot be deleted: {answer.actual}")
            if not isinstance(answer, Answer):
                continue
            if answer.status in NO_LONGER_KNOWN:
                self._forgotten.append(session_id)
            if answer.ok or answer.status in NO_LONGER_KNOWN or self._is_under_way(session_id, answer):
                self._not_accepted.remove(session_id)
            else:
                troubles.append(f"session {session_id} cannot be deleted: {answer.gist}")
        errors = [answer for answer in answers if isinstance(answer, NoAnswer)]
        if errors:
            self._unanswered = True
            return [f"session {', '.join(self._not_accepted)} may be left: {errors[0]}"]
        return troubles

    def _is_under_way(self, session_id: str, answer: Answer) -> bool:
        """Whether the product refuses a deletion for the very reason that it deletes the session already."""
        if answer.status != HTTPStatus.CONFLICT:
            return False
        over = self._api.profile.statuses["terminating"]
        # A product may keep its list for a while, and so show the session there as it was.
        return self._api.sessions().status(session_id) in (None, over) or self._api.status(session_id) == over

    def _request_deletion(self, over: threading.Event, session_id: str) -> Answer | NoAnswer | Unmet | None:
        """The answer, or why there is none; None if it was not asked for any more."""
        if over.is_set():
            return None
        try:
            return self._api.delete_session(session_id)
        except TokenRefused:
            raise
        except NoAnswer as error:
            over.set()
            return error
        except Unmet as unmet:
            return unmet

    def _look(self) -> list[str]:
        """The remains: by the API first, and by Kubernetes once the API lists none."""
        self._unanswered = False
        try:
            return self._remains.first(besides=self._stays)
        except TokenRefused:
            raise
        except (NoAnswer, ClusterError, Unmet) as error:
            self._unanswered = True
            return [f"{self._subject} may be left, which is unknown: {' '.join(str(error).split())}"]


def _left_behind(left: Sequence[str], began: float) -> str:
    return f"left behind after {now() - began:.1f} s: {', '.join(left)}"


def _some(left: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(left) - TOLD
    return "; ".join(left[:TOLD]) + (f" and {rest} more" if rest > 0 else "")


def _in_the_end(wait: Wait, look: Callable[[], list[str]], *, every: float) -> list[str]:
    """The last result of `look`, once it is empty or the budget is used up."""
    found: list[str] = []

    def again() -> list[str]:
        found[:] = look()
        return found

    try:
        poll(
            wait,
            again,
            met=lambda left: not left,
            says=lambda left: _some(left) or wait.goal,
            likely=lambda _: "the product does not finish the deletion",
            every=every,
        )
    except Unmet:
        return found
    return []
