"""The deletion of a template: the product's answer, and the remains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from streamspace_acceptance.domain.templates import change
from streamspace_acceptance.domain.templates.change import entries
from streamspace_acceptance.domain.templates.created_template import NOT_THERE, Json
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer

API, LIST, KUBERNETES = "the API", "the API's list", "Kubernetes"
HISTORY = "its history"
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = re.compile(
    rf"(?<![\w.-])(\d+|{'|'.join(NUMBERS)})\s+(?:[^\W\d][\w-]*\s+){{0,2}}sessions?\b"
    r"|(?:\b|_|(?<=[a-z])(?=S))sessions?(?:\(s\))?(?:[ _-]?count)?(?: is| are)?\W{1,3}(\d+)(?![\w.-])",
    re.IGNORECASE,
)
"""`2 sessions`, `two active sessions`, `sessions: 2`, `session(s): 2`, `active_sessions=2`."""
_COUNTING_FIELD = re.compile(
    r"(?:num(?:ber)?_?(?:of_?)?|active_?|running_?|used_?by_?|in_?use_?by_?)?sessions?_?(?:count|in_?use)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Deletion:
    """One deletion: how many sessions used the template, where it was before, and what was answered.

    `expected_in` are the places where it must have been for its absence to show anything, `after` those where it was
    afterwards, `lost` the sessions that then had another status or other pods. The look after a refusal is late enough
    to show a deletion that happens all the same. `changes` are the differences of a template that is still there.
    `again` is the answer to a second request, once the first one was refused. `was_gone`: the API once said that it
    does not know the template any more. `beside`: the uids of the pods of running sessions of other templates.
    `others`: how another template, which no session uses, differs from what it was.
    """

    template: str
    users: int
    before: frozenset[str]
    expected_in: frozenset[str]
    answer: Answer
    message: str
    after: frozenset[str]
    lost: tuple[str, ...]
    changes: tuple[str, ...] = ()
    was_gone: bool = False
    beside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    again: Answer | None = None
    others: tuple[str, ...] = ()

    @property
    def counts_rightly(self) -> bool:
        """Whether the sentence names the sessions' number, and perhaps its parts: `2 sessions (2 running sessions)`."""
        number, *parts = [count for count in self.counts if count] or [0]
        return number == self.users and sum(parts) in (0, number)

    @property
    def counts(self) -> list[int]:
        """Every number of sessions that the answer's sentence names, or else its fields."""
        found = [first or second for first, second in _COUNTS.findall(self.message)]
        numbers = [int(text) if text.isdigit() else NUMBERS.index(text.lower()) for text in found]
        return numbers or list(_in_fields(_error(self.answer)))


@dataclass(frozen=True)
class Leftovers:
    """The results of requesting a session of a deleted template, and then creating the same template once more.

    `versions`: how many the new one has had, by its history; None where there is no history.
    """

    template: str
    session: Answer
    again: Answer
    versions: int | None


def _error(answer: Answer) -> Json:
    try:
        return {} if answer.ok else answer.object()
    except Unmet:
        return {}


def _in_fields(error: Json) -> Iterator[int]:
    """The numbers in fields such as `activeSessions`, and the lengths of lists of sessions."""
    for name, value in error.items():
        if isinstance(value, dict):
            yield from _in_fields(value)
        elif _COUNTING_FIELD.fullmatch(name) and isinstance(value, list):
            yield len(value)
        elif _COUNTING_FIELD.fullmatch(name) and isinstance(value, int) and not isinstance(value, bool):
            yield value


def ask_again(registry: TemplateRegistry, session: Answer, described: Json) -> Leftovers:
    """Asks for the template that was deleted, as it was described, under its name."""
    made = registry.create(described)
    versions = None if made.id is None else registry.api.versions(made.id)
    document = {} if versions is None else versions.content()
    listed = document.get(registry.api.profile.fields["versions"])
    count = len(listed) if isinstance(listed, list) else None
    return Leftovers(str(registry.api.name_of(described)), session, made.answer, count)


def traces(registry: TemplateRegistry, template_id: str) -> frozenset[str]:
    """Where a template can be found now."""
    api = registry.api
    versions = api.versions(template_id)
    found = {
        API: api.get(template_id).status not in NOT_THERE,
        LIST: bool(entries(api, template_id)),
        HISTORY: bool(versions.content().get(api.profile.fields["versions"])),
        KUBERNETES: template_id in registry.in_kubernetes(),
    }
    return frozenset(place for place, there in found.items() if there)


def content(registry: TemplateRegistry, template_id: str) -> Json:
    """The fields of a template as it reads now; empty where there is none."""
    return change.content(registry.api, registry.api.get(template_id).content())


def expected_places(registry: TemplateRegistry) -> frozenset[str]:
    """Where a template must be seen as long as it is there, so that its absence shows something."""
    return frozenset({API, LIST, KUBERNETES} if registry.mirrored else {API, LIST})
