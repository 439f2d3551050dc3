"""Rules for the register: each criterion has a name and a sentence of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.commands.lint.finding import LintFinding
from streamspace_acceptance.verdict.register import Register, Test

PRIORITIES = ("P0", "P1")


def check_register(path: Path, plan: Register) -> list[LintFinding]:
    """Every broken rule of the register at `path`."""
    ids = Counter(test.id for test in plan.tests)
    twice = [LintFinding(path, 1, f"{count} tests are called {test}") for test, count in ids.items() if count > 1]
    return sorted([*twice, *(LintFinding(path, 1, message) for test in plan.tests for message in _check_test(test))])


def without_sentence(plan: Register) -> list[str]:
    """The criteria that nothing proves yet."""
    return [criterion.id for criterion in plan.criteria() if criterion.sentence is None]


def _check_test(test: Test) -> Iterator[str]:
    if test.priority not in PRIORITIES:
        yield f"test {test.id} has the priority {test.priority!r}; there are {' and '.join(PRIORITIES)}"
    numbered = [f"{test.id}-{number}" for number in range(1, len(test.criteria) + 1)]
    if [criterion.id for criterion in test.criteria] != numbered:
        yield f"the criteria of test {test.id} are not numbered {test.id}-1, {test.id}-2, …"
    sentences = Counter(criterion.sentence for criterion in test.criteria if criterion.sentence is not None)
    for sentence, count in sentences.items():
        if count > 1:
            yield f"{count} criteria of test {test.id} share the sentence “{sentence}”; each has its own"
        if sentence in test.supporting:
            yield f"“{sentence}” cannot both prove a criterion of test {test.id} and support it"
    for criterion in test.criteria:
        if (criterion.limit is None) != (criterion.unit is None):
            yield f"{criterion.id} has a limit without a unit, or a unit without a limit"
