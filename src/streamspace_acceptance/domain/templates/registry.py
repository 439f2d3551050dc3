"""The templates of a scenario: each is recorded before it is requested, and deleted when the scenario ends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from streamspace_acceptance import journal
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.registry import LOOKS_AGAIN
from streamspace_acceptance.domain.templates.created_template import NOT_THERE, CreatedTemplate
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp, Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.product.http import NoAnswer, tells_error
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.waiting import Budget, Wait, poll

# The sentences of test 2.3 for the two ways in which a template can stay: known to the API, or not.
DELETED, NOTHING_LEFT = "the template is deleted", "nothing is left of the template"
TOLD = 3
AGAIN_SECONDS = 1.0
NAMELESS = "the product keeps templates without a name, which no call can delete"
LISTED = "the product goes on listing templates that it has deleted"


class TemplateRegistry:
    """Makes templates, and removes what it made and nothing else.

    `mark` is in the name of each, and in the description of those whose name may not hold it, so that they are
    recognised wherever they turn up.
    """

    def __init__(self, clients: Clients, mark: str | None = None) -> None:
        self.api = TemplateApi(clients.api)
        self.cluster = clients.cluster
        self.budgets = clients.budgets
        self.mark = mark or secrets.token_hex(3)
        self._stays = clients.stays
        self._made: dict[str, bool] = {}
        self._ids: dict[str, str] = {}
        self._entries: list[journal.JournalEntry] = []
        self._refused = False
        self._is_mirrored: bool | None = None

    def name(self, plans: str) -> str:
        """A name of this scenario's own that begins as the plan's."""
        return f"{plans}-{self.mark}"

    def create(self, body: Json) -> CreatedTemplate:
        """Creates a template with a name, whether the API accepts it or not."""
        name = str(self.api.name_of(body))
        self._entries.append(journal.record_intent("template", name=name, mark=self.mark))
        self._made[name] = True  # until the answer says otherwise
        answer = self.api.create(body)
        found = self._id(answer) if answer.ok else None
        accepted = answer.ok and (found is not None or not tells_error(answer))
        self._made[found or name] = answer.ok
        if accepted:
            self._ids[name] = found or name
        return CreatedTemplate(body, answer, found or name if accepted else None)

    def read(self, template_id: str) -> Answer:
        """A template that was accepted, as the API returns it; one of several servers may know it a moment later."""
        with suppress(Unmet):
            return poll(
                Wait(f"template {template_id}", "known", Budget("moment", BEHIND_SECONDS, 1.0)),
                lambda: self.api.get(template_id),
                met=lambda answer: answer.status not in NOT_THERE,
                says=lambda answer: f"the API answers {answer.status}",
                likely=lambda _: "the template is not kept",
            )
        return self.api.get(template_id)

    def is_mine(self, template: Json) -> bool:
        """Whether a template as the API or Kubernetes shows it is one that this scenario asked for."""
        texts = (self.api.name_of(template), template.get("description"))
        return any(isinstance(text, str) and self.mark in text for text in texts)

    def listed(self) -> list[Json]:
        """This scenario's templates in the API's list; none where that list is wrong, which 2.1-2 judges."""
        try:
            return list(filter(self.is_mine, self.api.listed()))
        except Unmet:
            return []

    def clean_up(self) -> None:
        """Deletes what was made and waits until it is gone. The sessions made from it must be gone before.

        CleanupFailure otherwise. Test 2.3 answers for the deletion of templates and its remains.
        """
        try:
            left = self.remove() if self._made else []
            nameless = len(self._nameless()) if self._made and not left else 0
        except (NoAnswer, ClusterError) as error:
            names = ", ".join(sorted(self._made))
            raise CleanupFailure(f"template {names} may be left ({LOOKS_AGAIN}): {error}") from error
        if left and self._are_only_listed():
            self._stays[LISTED] = frozenset(str(self.api.id_of(template)) for template in self.listed())
            self._close_records()
            raise FoundByCleanUp("; ".join(left), LISTED)
        if left:
            known = self._refused or bool(self.listed())
            raise CleanupFailure(
                f"templates left behind: {'; '.join(left)}", answered_by=DELETED if known else NOTHING_LEFT
            )
        if nameless:
            raise FoundByCleanUp(f"it has accepted {nameless} of this scenario", NAMELESS)

    def remove(self) -> list[str]:
        """Deletes every template that carries the mark; what is left in the end."""
        listed = set(map(self.api.id_of, self.listed()))
        ids = {name for name, there in self._made.items() if there} | {
            template_id for template_id in listed if template_id is not None
        }
        left = self._delete_all(sorted(ids))
        left += [] if left or not ids else self._wait_until_gone()
        if not left:
            self._close_records()
        return left

    def _close_records(self) -> None:
        for entry in self._entries:
            journal.record_revert(entry)

    def _are_only_listed(self) -> bool:
        """Whether the product says of each template in its list that there is none to be deleted."""
        ids = list(map(self.api.id_of, self.listed()))
        gone = (self.api.delete(template_id).status in NOT_THERE for template_id in ids if template_id is not None)
        return not self._refused and not self.in_kubernetes() and None not in ids and all(gone)

    def _delete_all(self, ids: Sequence[str]) -> list[str]:
        """The refusals in the end. A product may count a session for a moment after nothing else is left of it."""
        refused = dict.fromkeys(ids, "")

        def request() -> list[str]:
            for template_id in list(refused):
                trouble = self._delete(template_id)
                if trouble is None:
                    del refused[template_id]
                else:
                    refused[template_id] = trouble
            return list(refused.values())

        try:
            poll(
                Wait(f"templates …-{self.mark}", "deleted", self._patience()),
                request,
                met=lambda troubles: not troubles,
                says=lambda troubles: _some(troubles) or "accepted",
                likely=lambda _: "the template still counts as used (see 2.3-3)",
                every=AGAIN_SECONDS,
            )
        except Unmet:
            self._refused = True
        return list(refused.values())

    def _delete(self, template_id: str) -> str | None:
        answer = self.api.delete(template_id)
        if answer.ok or answer.status in NOT_THERE:
            return None
        return f"{template_id}: {answer.status} {answer.excerpt()}"

    def _wait_until_gone(self) -> list[str]:
        try:
            poll(
                Wait(f"templates …-{self.mark}", "gone", self._patience()),
                self._left,
                met=lambda left: not left,
                says=lambda left: f"left: {_some(left)}" if left else "gone",
                likely=lambda _: "the product does not finish the deletion (see 2.3-3)",
            )
        except Unmet as unmet:
            return [unmet.actual]
        return []

    def _patience(self) -> Budget:
        """That of a deletion; none while the list still shows what was awaited in vain, though it is looked at."""
        budget = self.budgets.named("deletion")
        listed = map(self.api.id_of, self.api.listed()) if LISTED in self._stays else ()
        return Budget(budget.name, 0.0, budget.scale) if self._stays.get(LISTED, frozenset()) & set(listed) else budget

    def _left(self) -> list[str]:
        named = [template for template in self.listed() if self.api.id_of(template) is not None]
        listed = [f"{self.api.name_of(template)} in the API" for template in named]
        return listed or [f"{name} in Kubernetes" for name in self.in_kubernetes()]

    def _nameless(self) -> list[Json]:
        """This scenario's templates that have neither id nor name, so that nothing can be asked about them."""
        return [template for template in self.listed() if self.api.id_of(template) is None]

    @property
    def mirrored(self) -> bool:
        """Whether Kubernetes has an object of each template: by the contract, and by the kinds that it knows."""
        if self._is_mirrored is None:
            self._objects()
        return bool(self._is_mirrored)

    def in_kubernetes(self) -> list[str]:
        """This scenario's templates in Kubernetes: by their ids in the API, else by the names of their objects.

        An object's name may be the template's name, also after a prefix, or its id. None where Kubernetes has no such
        objects.
        """
        found = ((obj["metadata"], obj.get("spec") or {}) for obj in self._objects() or [])
        return [
            self._id_behind(str(meta["name"]), spec)
            for meta, spec in found
            if self.is_mine(meta) or self.is_mine(spec) or meta["name"] in self._ids.values()
        ]

    def _id_behind(self, object_name: str, spec: Json) -> str:
        names = (object_name, str(self.api.name_of(spec)))
        known = (
            id_
            for name, id_ in self._ids.items()
            if name in names or object_name == id_ or object_name.endswith(f"-{name}")
        )
        return next(known, object_name)

    def _objects(self) -> list[Json] | None:
        self.api.profile.meet("deployment.template_objects")
        found = self.cluster.raw_templates() if self.api.profile.deployment.template_objects else None
        self._is_mirrored = found is not None
        return found

    def _id(self, answer: Answer) -> str | None:
        return self.api.id_of(answer.content())  # 2.1-1 judges the answer; here it only has to be found again


def _some(left: list[str]) -> str:
    """The first few, and how many more there are."""
    return ", ".join(left[:TOLD]) + (f" and {len(left) - TOLD} more" if len(left) > TOLD else "")
