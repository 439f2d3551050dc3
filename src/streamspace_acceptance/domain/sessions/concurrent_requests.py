"""Several users who request a session at the same time, and the result of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import SessionList, StreamSpaceApi
from streamspace_acceptance.waiting import Wait, poll


def ask_together(
    api: StreamSpaceApi, asked: Sequence[Asked], answered: Callable[[int, Answer], None] = lambda *_: None
) -> list[Answer]:
    """All requests sent in the same instant; the answers in their order.

    `answered` is called with each request's number and answer as it arrives, from a thread of its own. If calls raised,
    raises the first of their errors, once all have ended.
    """
    begin = threading.Barrier(len(asked))

    def ask(number: int, request: Asked) -> Answer:
        begin.wait()
        answer = api.create_session(request.user, request.template, request.size, request=request.request)
        answered(number, answer)
        return answer

    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        return [call.result() for call in [pool.submit(ask, number, request) for number, request in enumerate(asked)]]


@dataclass(frozen=True)
class ConcurrentRequests:
    """The result of requesting together: a creation for each user, and the sessions that there are."""

    creations: Sequence[Creation]
    sessions: Sequence[Session]

    @property
    def subject(self) -> str:
        """For a failure."""
        return f"{len(self.creations)} sessions asked for together"

    @property
    def there_before(self) -> frozenset[str]:
        """The sessions that there were before."""
        return frozenset().union(*(creation.asked.before for creation in self.creations))

    @property
    def refusals(self) -> list[str]:
        """The users who got no session, each with what the API answered."""
        return [
            f"{creation.asked.user}: {creation.answer.status} {creation.answer.excerpt(120)}"
            for creation in self.creations
            if creation.id is None or not creation.answer.ok
        ]

    def table(self) -> str:
        """When each request was sent and answered, in ms after the first was sent: for the report."""
        first = min(creation.answer.sent_at for creation in self.creations)
        return "\n".join(
            f"{creation.asked.user:10} sent +{1000 * (creation.answer.sent_at - first):6.1f} ms, answered"
            f" +{1000 * (creation.answer.received_at - first):6.1f} ms: {creation.answer.status}"
            f" {creation.id or 'no session'}"
            for creation in self.creations
        )

    def wait_until_running(self, *, within: str) -> None:
        """All sessions are Running by the API, and by Kubernetes on a Ready pod each; Unmet otherwise."""
        if not self.sessions:
            return
        first = self.sessions[0]
        word = first.api.profile.statuses["running"]
        poll(
            Wait(self.subject, f"all {word}", first.budgets.named(within)),
            first.api.sessions,
            met=lambda listed: not self._behind(listed, word),
            says=lambda listed: f"{len(self.sessions) - len(self._behind(listed, word))} {word}",
            likely=lambda listed: "; ".join(
                f"{session_id} is {listed.describe(session_id)}" for session_id in self._behind(listed, word)
            ),
        )
        for session in self.sessions:
            session.wait_for_phase(word, within=within)
            session.wait_for_ready_pod(within=within)

    def lack_of_room(self) -> str:
        """Why no node takes a pod of any session that does not run; empty where that is not so.

        ClusterError where the cluster refuses their pods.
        """
        if not self.sessions:
            return ""
        first = self.sessions[0]
        behind = self._behind(first.api.sessions(), first.api.profile.statuses["running"])
        words = []
        for session in (session for session in self.sessions if session.id in behind):
            pods = session.listed_pods()
            if not pods:
                session.check_admitted()
            words.append(next((pod.unschedulable for pod in pods if pod.unschedulable), ""))
        return f"no node takes the pods of {len(words)} sessions: {words[0]}" if words and all(words) else ""

    def _behind(self, listed: SessionList, word: str) -> list[str]:
        return [session.id for session in self.sessions if listed.status(session.id) != word]
