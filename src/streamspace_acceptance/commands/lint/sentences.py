"""Rules that need both sides: every sentence has a step definition, every step definition a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file
from behave.runner_util import load_step_modules
from behave.step_registry import registry

from streamspace_acceptance.commands.lint.finding import LintFinding


def check_sentences(features: Path, steps: Path) -> list[LintFinding]:
    """Every sentence below `features` that no step definition matches, and every definition that no sentence uses.

    Loads the step modules into behave's registry, so it is for a process of its own.
    """
    load_step_modules([str(steps)])
    used: set[int] = set()
    findings: list[LintFinding] = []
    for path, step in _sentences(features):
        match = registry.find_match(step)
        if match is None:
            findings.append(LintFinding(path, step.line, f"no step definition matches “{step.keyword} {step.name}”"))
        else:
            used.add(id(match.func))
    return sorted([*findings, *_unused(used)])


def _sentences(features: Path) -> Iterator[tuple[Path, Any]]:
    for path in sorted(features.rglob("*.feature")):
        try:
            feature = parse_file(str(path))
        except ParserError:
            continue  # the rules for features say so
        for scenario in feature.walk_scenarios() if feature is not None else ():
            for step in scenario.all_steps:
                yield path, step


def _unused(used: set[int]) -> Iterator[LintFinding]:
    definitions = [definition for kind in registry.steps.values() for definition in kind]
    for definition in definitions:
        if id(definition.func) not in used:
            place = definition.location
            yield LintFinding(Path(place.filename), place.line or 1, f"no feature says “{definition.pattern}”")
