"""A change of a template: the fields that were sent, and the template's content afterwards."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from streamspace_acceptance.domain.templates.created_template import Json, differences
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import tells_error
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.strict_json import overlaid
from streamspace_acceptance.waiting import Budget, Wait, now, poll

FIELDS = (
    *("template_id", "template_name", "display_name", "description"),
    *("image", "category", "resources", "vnc", "created_at"),
)
"""The fields of a template that a change leaves alone unless they are sent, by their names in the profile."""
LIKELY = "the change is not, or not wholly, stored"
NOT_KEPT = "the change was stored and did not last: something writes the former content again"


@dataclass(frozen=True)
class TemplateChange:
    """`before` and `after` are the template as it reads; `listed` are its entries in the API's list afterwards.

    `kept`: the header by which a cache says that one of the latter is from before; empty for none. `earlier` was sent
    just before `sent`, and answered by `earlier_answer`: a product may take a first change and no second one.
    `made_at` is the moment of the change, of the monotonic clock; `likely`, the cause of troubles.
    """

    before: Json
    sent: Json
    answer: Answer
    after: Answer
    listed: tuple[Json, ...]
    kept: str = ""
    earlier: Json = field(default_factory=dict)
    earlier_answer: Answer | None = None
    made_at: float = field(default_factory=now)
    likely: str = LIKELY

    @property
    def versions(self) -> list[Json]:
        """The template as it was, after the first change, and as it is."""
        return [self.before, *([overlaid(self.before, self.earlier)] if self.earlier else []), self.wanted]

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
        if self.earlier_answer is not None and not self.earlier_answer.ok:
            return [f"the change before is answered {self.earlier_answer.gist}"]
        if not self.after.ok:
            return [f"the template is answered {self.after.gist}"]
        said = {"the answer": self.answer} if self.answer.body.strip() else {}
        if garbled := [
            f"{place} is {answer.excerpt()!r}"
            for place, answer in {**said, "the template": self.after}.items()
            if _is_garbled(answer)
        ]:
            return garbled
        answered = [(place, answer.object()) for place, answer in said.items()]
        beside = [*answered, *(("the list", template) for template in self.listed)]
        found = differences(self.wanted, self.after.object())
        if found and tells_error(self.answer):
            return [f"the change is answered {self.answer.gist}"]
        return [
            *(f"in the template, {difference}" for difference in found),
            *(
                f"in {place}, {difference}"
                for place, template in beside
                for difference in differences(self.wanted, template, partial=True)
            ),
        ]


def _is_garbled(answer: Answer) -> bool:
    try:
        answer.object()
    except Unmet:
        return True
    return False


def make(api: TemplateApi, template_id: str, earlier: Json, sent: Json, patience: Budget) -> TemplateChange:
    """Changes a template twice and reads it back in every way there is, for `patience` again where it reads otherwise.

    The first change, to `earlier`, shows a product that takes no second one, or keeps none but the last version.
    """
    before = content(api, api.get(template_id).object())
    earlier_answer, answer = api.change(template_id, earlier), api.change(template_id, sent)

    made = TemplateChange(before, sent, answer, answer, (), "", earlier, earlier_answer)
    return read_again(api, template_id, made, patience)


def read_again(api: TemplateApi, template_id: str, made: TemplateChange, patience: Budget) -> TemplateChange:
    """The change with the template as it reads now, asked for `patience` long where it reads otherwise."""

    def read() -> TemplateChange:
        after, listing = api.get(template_id), api.listing()
        return replace(made, after=after, listed=entries(api, template_id, listing), kept=after.kept or listing.kept)

    with suppress(Unmet):
        return poll(
            Wait(f"template {template_id}", "changed", patience),
            read,
            met=lambda change: not (change.answer.ok and change.troubles),
            says=lambda change: "; ".join(change.troubles),
            likely=lambda _: made.likely,
        )
    return read()


def content(api: TemplateApi, template: Json) -> Json:
    """The fields of a template as it reads, without those that a change may alter beside what is sent."""
    names = (api.profile.fields[field] for field in FIELDS)
    return {name: template[name] for name in names if name in template}


def entries(api: TemplateApi, template_id: str, listing: Answer | None = None) -> tuple[Json, ...]:
    """The entries of a template in the API's list, or in that answer to it: one, if all is well."""
    return tuple(template for template in api.listed(listing) if api.id_of(template) == template_id)
