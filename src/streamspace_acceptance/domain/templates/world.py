"""What the running scenario has made of templates. What is not there yet is Unproven when a sentence asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.provision import Provisioned
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import no_session
from streamspace_acceptance.domain.templates import change, deletion
from streamspace_acceptance.domain.templates.change import Change
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, Json
from streamspace_acceptance.domain.templates.deletion import Deletion, Leftovers
from streamspace_acceptance.domain.templates.mistake_trials import MistakeTrial, attempt_all
from streamspace_acceptance.domain.templates.registry import NOT_FOUND, TemplateRegistry
from streamspace_acceptance.outcomes import Unmet, Unproven, require
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.waiting import Wait, elapse, poll


class TemplatesWorld:
    """The scenario's template, its sessions, and what was done to it."""

    def __init__(self, api: StreamSpaceApi, cluster: Cluster, budgets: Budgets, sessions: Registry) -> None:
        self._profile = api.profile
        self._budgets = budgets
        self._sessions = sessions
        self.api = TemplateApi(api)
        self.registry = TemplateRegistry(self.api, cluster, budgets)
        self.users: list[Session] = []
        self._word = api.profile.statuses["running"]
        self._user = ""
        self._described: Json | None = None
        self._made: CreatedTemplate | None = None
        self._trial: MistakeTrial | None = None
        self._kept: Provisioned | None = None
        self._change: Change | None = None
        self._deletion: Deletion | None = None

    # A template comes to be

    def describe(self, label: str) -> None:
        """Describes a template as the plan does, under a name of the scenario's own."""
        self._described = {"name": self.registry.name(label), **self._profile.templates[label]}

    def create(self) -> None:
        """Asks for the template that was described, whatever comes of it."""
        self._made = self.registry.create(require(self._described, "no template was described"))

    def attempt(self, table: Sequence[Any]) -> None:
        """Asks for the described template once with each mistake of a table, and beside it without."""
        sound = require(self._described, "no template was described")
        self._trial = attempt_all([row["mistake"] for row in table], sound, self.registry, self._budgets)

    def provide(self, label: str, count: int, user: str) -> None:
        """A template with running sessions; Unmet when either does not come to be."""
        self.describe(label)
        self.create()
        template_id = self.id
        self._user = user
        self.users = [self._ask(user, template_id) for _ in range(count)]
        for session in self.users:
            self._wait_for(session)
        self._kept = provision.look(self.users[0])

    @property
    def made(self) -> CreatedTemplate:
        """What came of asking for the template."""
        return require(self._made, "no template was asked for")

    @property
    def id(self) -> str:
        """The id of the template; Unmet when the product accepted none."""
        if self.made.id is None:
            answer = self.made.answer
            raise Unmet(
                answer.call,
                expected="a new template",
                actual=f"{answer.status} {answer.reason}: {answer.excerpt()}",
                likely="the API refuses the template; test 2.1 looks at that more closely",
            )
        return self.made.id

    @property
    def trial(self) -> MistakeTrial:
        """What came of the mistakes."""
        return require(self._trial, "no template with a mistake was tried")

    def read_back(self) -> Answer | None:
        """The template as the API shows it alone; None when it was not accepted."""
        return None if self.made.id is None else self.api.get(self.made.id)

    def offers(self) -> tuple[Json, ...]:
        """Its entries in the list of templates; Unproven when there is no template."""
        if self.made.id is None:
            raise Unproven("no template was created (see the sentence that it reads as described)")
        return change.entries(self.api, self.made.id)

    # It is changed

    def change(self) -> None:
        """Changes its image and resources as the plan does."""
        self._change = change.make(self.api, self.id, self._profile.template_change)

    @property
    def changed(self) -> Change:
        """What came of the change."""
        return require(self._change, "the template was not changed")

    def another(self, user: str) -> Provisioned:
        """What a new session of it is given, once it runs; Unproven when the change was not made."""
        self._require_change()
        session = self._ask(user, self.id)
        self._wait_for(session)
        return provision.look(session)

    def before_and_now(self) -> tuple[Provisioned, Provisioned, frozenset[str]]:
        """What the running session was given, what it has now, and the uids of all pods that it has had."""
        kept = require(self._kept, "no session runs")
        self._elapse_calmly()
        return kept, provision.look(self.users[0]), self.users[0].known_uids()

    def history(self) -> tuple[Change, Answer]:
        """The change, and what the template was before by the product's own account."""
        self._require_change()
        return self.changed, self.api.versions(self.id)

    def _require_change(self) -> None:
        if self.changed.troubles:
            raise Unproven("the template was not changed (see the sentence about that)")

    # It is deleted

    def put_to_sleep(self) -> None:
        """Its sessions sleep; Unmet when one does not come to that."""
        self._word = self._profile.statuses["hibernated"]
        for session in self.users:
            session.api.hibernate_session(session.id)
            session.wait_for_status(self._word, within="hibernation")
            session.wait_for_no_pod(session.known_uids(), within="hibernation")

    def end_sessions(self) -> None:
        """Ends its sessions and waits until they are gone; Unmet when one stays."""
        for session in self.users:
            session.api.delete_session(session.id)
        for session in self.users:
            self._wait_until_gone(session)
        self.users = []

    def delete(self) -> None:
        """Asks for its deletion, whatever comes of it, and looks where it is to be found.

        A deletion that is refused may happen all the same, a moment later: it is not looked for at once.
        """
        before, pods = deletion.traces(self.registry, self.id), [_pods(each) for each in self.users]
        answer = self.api.delete(self.id)
        if not answer.ok:
            self._elapse_calmly()
        self._deletion = Deletion(
            template=self.id,
            users=len(self.users),
            before=before,
            expected_in=deletion.expected_places(self.registry),
            answer=answer,
            message=self.api.message(answer),
            after=deletion.traces(self.registry, self.id),
            lost=tuple(
                each.id for each, had in zip(self.users, pods, strict=True) if not self._is_as_before(each, had)
            ),
        )

    @property
    def deleted(self) -> Deletion:
        """What came of the deletion."""
        return require(self._deletion, "the template was not deleted")

    def wait_until_deleted(self) -> Deletion:
        """The API does not know the template any more; Unmet when it stays. A refusal is not waited on."""
        if self.deleted.answer.ok:
            poll(
                self._wait("no longer known to the API", "deletion"),
                lambda: self.api.get(self.id).status,
                met=lambda status: status == NOT_FOUND,
                says=lambda status: f"asking for it is answered {status}",
                likely=lambda _: "the deletion was accepted but not carried out",
            )
        return self.deleted

    def wait_until_nothing_left(self) -> Deletion:
        """Nothing of the template is to be found; Unmet otherwise. Unproven when it was not deleted."""
        if not self.deleted.answer.ok or self.api.get(self.id).status != NOT_FOUND:
            raise Unproven("the template was not deleted (see the sentence about that)")
        poll(
            self._wait("nothing left", "deletion"),
            lambda: deletion.traces(self.registry, self.id),
            met=lambda left: not left,
            says=lambda left: f"left: {', '.join(sorted(left))}" if left else "gone",
            likely=lambda _: "the deletion does not reach every place in which templates are kept",
        )
        return self.deleted

    def ask_again(self) -> Leftovers:
        """What comes of asking for a session of what was deleted, and for the same template once more."""
        session = self._sessions.ask(self._user, self.id, None)
        return deletion.ask_again(self.registry, session.answer, self.made.described)

    def _elapse_calmly(self) -> None:
        elapse(self._wait("nothing more comes of it", "calm"))

    def _ask(self, user: str, template_id: str) -> Session:
        creation = self._sessions.ask(user, template_id, None)
        if creation.id is None:
            raise no_session(creation)
        return self._sessions.enter(creation.id)

    def _wait_for(self, session: Session) -> None:
        session.wait_for_status(self._profile.statuses["running"], within="start")
        session.wait_for_ready_pod(within="start")

    def _is_as_before(self, session: Session, pods: frozenset[str]) -> bool:
        return session.api.sessions().status(session.id) == self._word and _pods(session) == pods

    def _wait_until_gone(self, session: Session) -> None:
        poll(
            Wait(session.subject, "gone", self._budgets.named("deletion")),
            lambda: session.api.sessions().status(session.id) or "gone",
            met=lambda status: status == "gone",
            says=str,
            likely=lambda _: "the product does not finish the deletion",
        )

    def _wait(self, goal: str, budget: str) -> Wait:
        return Wait(f"template {self.id}", goal, self._budgets.named(budget))


def _pods(session: Session) -> frozenset[str]:
    """The uids of the session's pods that are there to stay."""
    return frozenset(pod.meta.uid for pod in session.pods() if pod.stays)
