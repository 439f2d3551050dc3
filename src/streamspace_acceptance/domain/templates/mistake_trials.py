"""Templates with one mistake each, and beside each its twin without it, which shows that the mistake is the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, Json, differences
from streamspace_acceptance.domain.templates.mistakes import MISTAKES, Mistake
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.waiting import Wait, poll

REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True)
class MistakeAttempt:
    """One mistake: the twin without it, and what came of asking for a template with it.

    `message` is the sentence of the refusal, `name` the name that was asked for, `twin_changes` what of the twin reads
    otherwise afterwards.
    """

    words: str
    mistake: Mistake
    positive_control: CreatedTemplate
    answer: Answer
    message: str
    name: object
    twin_changes: tuple[str, ...] = ()

    @property
    def names_field(self) -> bool:
        """Whether the error is a refusal whose sentence names the field with the mistake."""
        words = "|".join(map(re.escape, self.mistake.fields))
        named = re.search(rf"(?<![\w/])({words})(?![\w/])", self.message, re.IGNORECASE)
        return self.answer.status in REFUSALS and named is not None


@dataclass(frozen=True)
class MistakeTrial:
    """All attempts. `strays` are the templates with a mistake that are there in spite of it, and where.

    `blind` names the places that show not even the twins, so that nothing follows from what is missing there.
    """

    attempts: tuple[MistakeAttempt, ...]
    strays: tuple[str, ...]
    blind: tuple[str, ...]


def attempt_all(words: Sequence[str], valid: Json, registry: TemplateRegistry) -> MistakeTrial:
    """Tries each mistake, then looks for what came of them. KeyError for a mistake that nobody has worded."""
    attempts = tuple(_attempt(number, each, valid, registry) for number, each in enumerate(words, start=1))
    twins = {attempt.positive_control.id for attempt in attempts if attempt.positive_control.id is not None}
    places = _places(twins, registry)
    strays = [f"{name} in {place}" for place, names in places.items() for name in sorted(names - twins)]
    strays += [f"{each.name} by its name" for each in attempts if each.name not in twins and _answers(each, registry)]
    blind = [place for place, names in places.items() if not twins <= names]
    return MistakeTrial(attempts, tuple(strays), tuple(blind))


def _attempt(number: int, words: str, sound: Json, registry: TemplateRegistry) -> MistakeAttempt:
    mistake = MISTAKES[words]
    stem = f"{sound['name']}-{number}"
    marked = {**sound, "description": f"{sound['description']}, {registry.mark}"}
    twin = registry.create({**marked, "name": stem})
    spoilt = mistake.apply({**marked, "name": f"{stem}x"}, stem)
    before = _read(twin, registry)
    answer = registry.api.create(spoilt)
    changes = differences(before, _read(twin, registry))
    return MistakeAttempt(
        words, mistake, twin, answer, registry.api.message(answer), spoilt.get("name"), tuple(changes)
    )


def _read(twin: CreatedTemplate, registry: TemplateRegistry) -> Json:
    """The twin as it reads now; empty when there is none."""
    answer = None if twin.id is None else registry.api.get(twin.id)
    return answer.object() if answer is not None and answer.ok else {}


def _answers(attempt: MistakeAttempt, registry: TemplateRegistry) -> bool:
    """Whether the API knows the template by its name, whatever its list says."""
    name = attempt.name
    return isinstance(name, str) and bool(name) and registry.api.get(name).status != HTTPStatus.NOT_FOUND


def _places(twins: set[str], registry: TemplateRegistry) -> dict[str, set[str]]:
    """The names of this scenario's templates, by place. Kubernetes learns of them later than the API."""
    mine = [each for each in registry.api.listed() if registry.is_mine(each)]
    places = {"the API's list": {str(registry.api.id_of(each)) for each in mine}}
    if registry.cluster.raw_templates() is not None:
        places["Kubernetes"] = _in_kubernetes(twins, registry)
    return places


def _in_kubernetes(twins: set[str], registry: TemplateRegistry) -> set[str]:
    found: set[str] = set()

    def look() -> set[str]:
        found.clear()
        found.update(registry.in_kubernetes())
        return found

    with suppress(Unmet):  # the trial says that nothing follows from what Kubernetes does not show
        poll(
            Wait("the templates without a mistake", "in Kubernetes", registry.budgets.named("start")),
            look,
            met=lambda names: twins <= names,
            says=lambda names: f"{len(twins & names)} of {len(twins)}",
            likely=lambda _: "templates are not mirrored",
        )
    return found
