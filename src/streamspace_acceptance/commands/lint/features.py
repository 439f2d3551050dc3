"""Rules for feature files: a product owner can read them, and each criterion is proven in one place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file

from streamspace_acceptance.commands.lint.finding import LintFinding
from streamspace_acceptance.verdict.register import TEST_TAG, Register, Test

FEWEST_STEPS, MOST_STEPS = 3, 7
# In this test the status code itself is the criterion.
TECHNICAL_TESTS = {"1.1a", "1.1d"}
BEYOND_THE_PLAN = "beyond_the_plan"

_ALLOWED_TAG = re.compile(r"phase[0-4]|p[01]|test-[\w.]+|disruptive|needs-[a-z-]+|beyond-the-plan")
_TECHNICAL = (
    (re.compile(r"://|\B/(?:api|sessions|templates|agents)\b"), "an address"),
    (re.compile(r"[{}]|\[.*\]"), "JSON"),
    (re.compile(r"\b[1-5]\d\d\b(?! (?:ms|s|min|sessions|frames|FPS|MiB|GiB)\b)"), "a status code"),
)
_ORDER = ("given", "when", "then")


def check_features(folder: Path, plan: Register) -> list[LintFinding]:
    """Every broken rule in the feature files below `folder`, and every criterion that is not proven exactly once."""
    findings: list[LintFinding] = []
    features: list[Any] = []
    for path in sorted(folder.rglob("*.feature")):
        try:
            feature = parse_file(str(path))
        except ParserError as error:
            findings.append(LintFinding(path, error.line or 1, f"does not parse: {error}"))
            continue
        if feature is None:
            findings.append(LintFinding(path, 1, "holds no feature"))
            continue
        features.append(feature)
        findings += _check_feature(path, feature, plan)
    return sorted([*findings, *_check_criteria(folder, features, plan)])


def _check_feature(path: Path, feature: Any, plan: Register) -> Iterator[LintFinding]:
    yield from _check_tags(path, feature, plan)
    yield from _check_title(path, feature, plan.test_of(feature.tags))
    for rule in feature.iter_rules():
        yield LintFinding(path, rule.line, "Rule: loses its scenarios in the report; use a feature or a scenario")
    scenarios = feature.walk_scenarios()
    for title, count in Counter(scenario.name for scenario in scenarios).items():
        if count > 1:
            yield LintFinding(path, feature.line, f"{count} scenarios are called “{title}”")
    for scenario in scenarios:
        yield from _check_scenario(path, scenario, plan.test_of(scenario.effective_tags))


def _check_tags(path: Path, feature: Any, plan: Register) -> Iterator[LintFinding]:
    tagged = [(feature, tag) for tag in feature.tags]
    tagged += [(scenario, tag) for scenario in feature.walk_scenarios() for tag in scenario.tags]
    for statement, tag in tagged:
        if not _ALLOWED_TAG.fullmatch(tag):
            yield LintFinding(path, statement.line, f"unknown tag @{tag}")
        elif tag.startswith(TEST_TAG) and plan.test_of([tag]) is None:
            yield LintFinding(path, statement.line, f"@{tag} is not a test of the plan")
    if BEYOND_THE_PLAN in path.parts:
        return
    test = plan.test_of(feature.tags)
    if test is None:
        yield LintFinding(path, feature.line, "a feature names its test: @test-…")
        return
    for tag in (f"phase{test.phase}", test.priority.lower()):
        if tag not in feature.tags:
            yield LintFinding(path, feature.line, f"test {test.id} is @{tag} in the plan")


def _check_title(path: Path, feature: Any, test: Test | None) -> Iterator[LintFinding]:
    if test is not None and feature.name != f"{test.id} {test.title}":
        yield LintFinding(path, feature.line, f"the plan calls this test “{test.id} {test.title}”")
    if not "".join(feature.description).strip():
        yield LintFinding(path, feature.line, "a feature says below its title why a user cares")


def _check_scenario(path: Path, scenario: Any, test: Test | None) -> Iterator[LintFinding]:
    steps = list(scenario.all_steps)
    kinds = [step.step_type for step in steps]
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        yield LintFinding(path, scenario.line, f"{len(steps)} steps; a scenario has {FEWEST_STEPS} to {MOST_STEPS}")
    if kinds != sorted(kinds, key=_ORDER.index):
        yield LintFinding(path, scenario.line, "Given, then When, then Then: one situation a scenario")
    for kind in ("given", "then"):
        if kind not in kinds:
            yield LintFinding(path, scenario.line, f"has no {kind.title()}")
    if kinds.count("when") != 1:
        yield LintFinding(path, scenario.line, f"{kinds.count('when')} events; a scenario has one When")
    if test is None or test.id not in TECHNICAL_TESTS:
        for step in steps:
            yield from _check_words(path, step)


def _check_words(path: Path, step: Any) -> Iterator[LintFinding]:
    cells = [cell for row in (step.table or []) for cell in row.cells]
    text = "\n".join([step.name, step.text or "", *cells])
    for pattern, what in _TECHNICAL:
        if pattern.search(text):
            yield LintFinding(path, step.line, f"the product owner does not read {what}")


def _check_criteria(folder: Path, features: Sequence[Any], plan: Register) -> Iterator[LintFinding]:
    """Each sentence of the register is exactly one Then of its test; each Then is a sentence of the register."""
    uses: Counter[tuple[str, str]] = Counter()
    for path, test, step in _judging_steps(features, plan):
        uses[test.id, step.name] += 1
        if test.criterion_of(step.name) is None and step.name not in test.supporting:
            yield LintFinding(path, step.line, f"“{step.name}” proves no criterion of test {test.id}")
    for test in plan.tests:
        for criterion in test.criteria:
            count = uses[test.id, criterion.sentence] if criterion.sentence is not None else 1
            if count != 1:
                yield LintFinding(folder, 1, f"{count} sentences prove {criterion.id}, not one: “{criterion.sentence}”")
        for sentence in test.supporting:
            if not uses[test.id, sentence]:
                yield LintFinding(folder, 1, f"nothing in test {test.id} says its supporting “{sentence}”")


def _judging_steps(features: Sequence[Any], plan: Register) -> Iterator[tuple[Path, Test, Any]]:
    """Every Then of every test, with its file."""
    for feature in features:
        for scenario in _outlines_once(feature):
            test = plan.test_of([*feature.tags, *scenario.tags])
            for step in scenario.all_steps:
                if test is not None and step.step_type == "then":
                    yield Path(feature.filename), test, step


def _outlines_once(feature: Any) -> Iterator[Any]:
    """Each scenario as the file has it: an outline counts once, with any number of examples."""
    seen: set[int] = set()
    for scenario in feature.walk_scenarios():
        source = scenario.parent if scenario.parent in feature.iter_scenario_outlines() else scenario
        if id(source) not in seen:
            seen.add(id(source))
            yield scenario
