"""A change of a template: the fields that were sent, and the template's content afterwards."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from streamspace_acceptance.domain.templates.created_template import Json, differences
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.strict_json import overlaid
from streamspace_acceptance.waiting import Wait, poll


@dataclass(frozen=True)
class Change:
    """`before` and `after` are the template as it reads; `listed` are its entries in the API's list afterwards."""

    before: Json
    sent: Json
    answer: Answer
    after: Answer
    listed: tuple[Json, ...]

    @property
    def wanted(self) -> Json:
        """The expected content of the template: as sent, and as before where nothing was sent."""
        changing = {"version", "updatedAt"}
        kept = {field: value for field, value in self.before.items() if field not in changing}
        return overlaid(kept, self.sent)

    @property
    def troubles(self) -> list[str]:
        """The differences from the expected content, by place; empty when the change was made."""
        if not self.answer.ok:
            return [f"the change is answered {self.answer.gist}"]
        if not self.after.ok:
            return [f"the template is answered {self.after.gist}"]
        shown = [("the answer", self.answer.object()), ("the template", self.after.object())]
        shown += [("the list", template) for template in self.listed]
        return [f"in {place}, {difference}" for place, found in shown for difference in differences(self.wanted, found)]


def make(api: TemplateApi, template_id: str, sent: Json, wait: Wait) -> Change:
    """Changes a template and reads it back in every way there is; again for a moment, since answers may be kept."""
    before = api.get(template_id).object()
    answer = api.change(template_id, sent)
    looks: list[Change] = []

    def look() -> Change:
        looks.append(Change(before, sent, answer, api.get(template_id), entries(api, template_id)))
        return looks[-1]

    with suppress(Unmet):  # the criterion judges the last look
        poll(
            wait,
            look,
            met=lambda change: not change.troubles,
            says=lambda change: "; ".join(change.troubles) or "as sent",
            likely=lambda _: "see the criterion about it",
            impossible=lambda change: None if change.answer.ok else "it was refused",
        )
    return looks[-1]


def entries(api: TemplateApi, template_id: str) -> tuple[Json, ...]:
    """The entries of a template in the API's list: one, if all is well."""
    return tuple(template for template in api.listed() if api.id_of(template) == template_id)
