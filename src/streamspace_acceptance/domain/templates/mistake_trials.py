"""Templates with one mistake each, beside positive controls without it, which show that the mistake is the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance.domain.templates.created_template import NOT_THERE, CreatedTemplate, Json, differences
from streamspace_acceptance.domain.templates.mistakes import CHANGED, MISTAKES
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import Unanswered, tells_error
from streamspace_acceptance.waiting import Budget, Wait, poll

REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_POINTER = re.compile(r"(?<![\w/.:-])(?:#|body|request)?(?:/\w+)+")
"""A field as validators of JSON write it: `#/resources/cpu`, `/resources/cpu`."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _spellings(field: str) -> str:
    """A field's name as a sentence may write it: `displayName`, `display_name`, `display name`."""
    return "[ _-]?".join(map(re.escape, _HUMP.split(field)))


BY_NAME = "by its name"
ENDS = ("x", "y")
"""By these, the names of templates with a mistake differ from that of the positive control: one for each request."""


@dataclass(frozen=True)
class MistakeAttempt:
    """One mistake: the positive control without it, and the answer to the template with it.

    An error is clear if it names one of `fields`.
    `message` is the sentence of the refusal, `name` the requested name, `control_changes` what of the positive control
    reads otherwise afterwards.
    """

    words: str
    fields: tuple[str, ...]
    positive_control: CreatedTemplate
    answer: Answer
    message: str
    name: object
    control_changes: tuple[str, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether the template was taken: a success in form that tells an error is none."""
        return self.answer.ok and not tells_error(self.answer)

    @property
    def names_field(self) -> bool:
        """Whether the error is a refusal whose sentence names the field with the mistake."""
        words = "|".join(map(_spellings, self.fields))
        message = _POINTER.sub(lambda found: found[0].replace("/", "."), self.message)
        named = re.search(rf"(?<![\w/])({words})(?![\w/])", message, re.IGNORECASE)
        return self.answer.status in REFUSALS and named is not None


@dataclass(frozen=True)
class MistakeTrial:
    """All attempts. `leftovers` are the templates with a mistake that exist in spite of it, and where.

    `blind` names the places that do not show even the positive controls, so that absence there shows nothing.
    `changes` are the changes of a valid template to a mistake that were accepted or made, in a sentence each.
    """

    attempts: tuple[MistakeAttempt, ...]
    leftovers: tuple[str, ...]
    blind: tuple[str, ...]
    changes: tuple[str, ...] = ()


def attempt_all(mistakes: Mapping[str, Sequence[str]], valid: Json, registry: TemplateRegistry) -> MistakeTrial:
    """Tries each mistake, then looks for created templates. KeyError for an unknown mistake.

    Unmet at a mistake that the API gives no answer to.

    `mistakes`: the words of each mistake -> the fields of which the error must name one.
    """
    attempts = tuple(
        _attempt(number, words, fields, valid, registry)
        for number, (words, fields) in enumerate(mistakes.items(), start=1)
    )
    controls = {attempt.positive_control.id for attempt in attempts if attempt.positive_control.id is not None}
    places = _places(controls, registry)
    leftovers = [f"{name} in {place}" for place, names in places.items() for name in sorted(names - controls)]
    blind = [place for place, names in places.items() if not controls <= names]
    if _tells_by_name(controls, registry):
        taken = {registry.api.name_of(attempt.positive_control.described) for attempt in attempts}  # ids may be others
        leftovers += [
            f"{tried.name} {BY_NAME}" for tried in attempts if tried.name not in taken and _answers(tried, registry)
        ]
    else:
        blind.append(f"the API {BY_NAME}")
    return MistakeTrial(attempts, tuple(leftovers), tuple(blind), _changed_to_mistakes(attempts, valid, registry))


def _changed_to_mistakes(
    attempts: Sequence[MistakeAttempt], valid: Json, registry: TemplateRegistry
) -> tuple[str, ...]:
    """The changes of a positive control to a mistake that were accepted, or made all the same, in a sentence each."""
    control = next((tried.positive_control for tried in attempts if tried.positive_control.id is not None), None)
    if control is None:
        return ()
    found, before = list[str](), _read(control, registry)
    for words in CHANGED:
        invalid = MISTAKES[words](dict(valid), "")
        sent = {key: given for key, given in invalid.items() if valid.get(key) != given}
        if not registry.api.can_change(sent):
            continue
        answer = registry.api.change(str(control.id), sent)
        now = _read(control, registry)
        if answer.ok and not tells_error(answer):
            found.append(f"a change to {words}: accepted with {answer.status}")
        elif made := differences({key: before[key] for key in sent if key in before}, now):
            found.append(f"a change to {words}: refused with {answer.status}, and made all the same: {made[0]}")
        before = now
    return tuple(found)


def _attempt(number: int, words: str, fields: Sequence[str], sound: Json, registry: TemplateRegistry) -> MistakeAttempt:
    stem = f"{sound['name']}-{number}"
    marked = {**sound, "description": f"{sound['description']}, {registry.mark}"}
    control = registry.create({**marked, "name": stem})
    bodies = [MISTAKES[words]({**marked, "name": f"{stem}{end}"}, stem) for end in ENDS]
    before = _read(control, registry)
    invalid, answer = _send(words, bodies, registry)
    changes = differences(before, _read(control, registry))
    names = tuple(name for field in fields for name in sorted(registry.api.names_of(field)))
    return MistakeAttempt(
        words, names, control, answer, registry.api.message(answer), invalid.get("name"), tuple(changes)
    )


def _send(words: str, bodies: Sequence[Json], registry: TemplateRegistry) -> tuple[Json, Answer]:
    """The first of the bodies, all with the same mistake, that the API answers, and its answer.

    Unmet if it ends the connection each time, and answers other calls: one connection may end by itself.
    """
    ended: Unanswered | None = None
    for body in bodies:
        try:
            return body, registry.api.create(body)
        except Unanswered as error:
            if not error.is_cut:
                raise
            ended = error
            registry.api.listing()
    raise Unmet(
        f"a template with {words}",
        expected="an answer",
        actual=f"{ended}; so it was {len(bodies)} times, while another call was answered",
        likely="the API fails at this mistake; see its log",
    )


def _read(control: CreatedTemplate, registry: TemplateRegistry) -> Json:
    """The positive control as it reads now; empty when there is none."""
    answer = None if control.id is None else registry.api.get(control.id)
    return {} if answer is None else answer.content()


def _tells_by_name(controls: set[str], registry: TemplateRegistry) -> bool:
    """Whether the API shows the templates that there are by their names, and none that nobody asked for."""
    nobody = registry.api.get(registry.name("nobody"))
    return nobody.status in NOT_THERE and all(registry.read(control).ok for control in controls)


def _answers(attempt: MistakeAttempt, registry: TemplateRegistry) -> bool:
    """Whether the API knows the template by its name, whatever its list says."""
    name = attempt.name
    return isinstance(name, str) and bool(name) and registry.api.get(name).ok


def _places(controls: set[str], registry: TemplateRegistry) -> dict[str, set[str]]:
    """The names of this scenario's templates, by place. A list may be some seconds old, and Kubernetes learns later."""

    def listed() -> set[str]:
        return {str(registry.api.id_of(template)) for template in registry.listed()}

    places = {"the API's list": _names(controls, listed, registry.budgets.named("calm"))}
    if registry.mirrored:
        places["Kubernetes"] = _names(controls, lambda: set(registry.in_kubernetes()), registry.budgets.named("start"))
    return places


def _names(controls: set[str], look: Callable[[], set[str]], patience: Budget) -> set[str]:
    """The names in one place, once the valid templates are there; in the end, those that are there."""
    with suppress(Unmet):  # the trial says that nothing follows from what a place does not show
        return poll(
            Wait("the valid templates", "shown", patience),
            look,
            met=lambda names: controls <= names,
            says=lambda names: f"{len(controls & names)} of {len(controls)}",
            likely=lambda _: "templates are not shown there",
        )
    return look()
