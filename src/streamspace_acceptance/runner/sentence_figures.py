"""Figures of sentences that are refused before anything starts: a limit in an unknown unit, a duration too short."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from streamspace_acceptance.budgets import LEAST_DURATION_SECONDS, Duration
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict.register import UNITS, Register

_ALIKE = 0.7
_FIGURE = re.compile(r"\{[^}]*\}|\"[^\"]*\"|\d+(?:\.\d+)?")


def check_register(plan: Register) -> None:
    """SetupProblem when a criterion has a limit in a unit that no report knows."""
    for criterion in plan.criteria():
        if criterion.limit is not None and criterion.unit not in UNITS:
            raise SetupProblem(
                f"The limit of {criterion.id} in plan/criteria.toml has the unit {criterion.unit!r}: "
                f"use one of {', '.join(UNITS)}."
            )


def check_sentences(scenarios: Iterable[Any], registry: Any) -> None:
    """SetupProblem when a sentence of these scenarios has a figure that its step does not take.

    A sentence that resembles no step is left to its verdict.
    """
    for scenario in scenarios:
        for step in scenario.all_steps:
            match = registry.find_match(step)
            if match is None:
                _refuse_unknown(step, _near(step, registry))
            else:
                _refuse_short(step, [argument.value for argument in match.arguments or ()])


def _refuse_unknown(step: Any, near: str | None) -> None:
    if near is not None:
        raise SetupProblem(
            f"{step.filename}:{step.line}: no step reads “{step.name}”, which has a figure in an unknown unit or a "
            f"misspelt word: write it like “{near}”."
        )


def _refuse_short(step: Any, values: Sequence[object]) -> None:
    for value in values:
        if isinstance(value, Duration) and value < LEAST_DURATION_SECONDS:
            raise SetupProblem(
                f"{step.filename}:{step.line}: a duration of {value:g} s is too short to measure anything: "
                f"it must be {LEAST_DURATION_SECONDS:g} s or more."
            )


def _near(step: Any, registry: Any) -> str | None:
    """The step definition that differs from a sentence with a figure in little; None where there is none."""
    if not re.search(r"\d", step.name):
        return None
    patterns = {
        _FIGURE.sub("0", definition.pattern): definition.pattern for definition in registry.steps[step.step_type]
    }
    found = difflib.get_close_matches(_FIGURE.sub("0", step.name), patterns, n=1, cutoff=_ALIKE)
    return patterns[found[0]] if found else None
