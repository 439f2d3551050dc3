"""Rules for the plan's figures: a sentence states the limit of its criterion, and no other figure of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.commands.lint.finding import LintFinding
from streamspace_acceptance.verdict.register import Criterion, Register

# How a sentence writes a figure in the unit of the register.
_SPELLINGS = {
    "s": ("{0:g} s",),
    "ms": ("{0:g} ms",),
    "sessions": ("±{0:g}", "{0:g} sessions"),
    "sessions/min": ("{0:g} sessions/min", "{0:g} sessions a minute", "{0:g} sessions per minute"),
    "frames/s": ("{0:g} frames/s", "{0:g} FPS", "{0:g} frames per second", "{0:g} per second"),
    "millicores": ("{0:g}m",),
    "MiB": ("{0:g} MiB", "{0:g}Mi", "{1:g} GiB", "{1:g}Gi"),
}
_TIME = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?(ms|s)\b")


def check_figures(path: Path, plan: Register) -> list[LintFinding]:
    """Every limit that its sentence does not state, and every figure of time in a sentence that is not the limit."""
    return [LintFinding(path, 1, message) for criterion in plan.criteria() for message in _check(criterion)]


def spellings(limit: float, unit: str) -> list[str]:
    """The ways to write a limit in a sentence; KeyError for a unit that has none."""
    return [spelling.format(limit, limit / 1024) for spelling in _SPELLINGS[unit]]


def _check(criterion: Criterion) -> Iterator[str]:
    sentence, limit, unit = criterion.sentence, criterion.limit, criterion.unit
    if sentence is None:
        return
    if limit is not None and unit is not None:
        if unit not in _SPELLINGS:
            yield f"{criterion.id} has the unit {unit!r}; there are {', '.join(_SPELLINGS)}"
        elif not any(_states(sentence, spelling) for spelling in spellings(limit, unit)):
            yield f"the sentence of {criterion.id} does not state its limit, {limit:g} {unit}: “{sentence}”"
    for figure, its_unit in _TIME.findall(sentence):
        if (float(figure), its_unit) != (limit, unit):
            yield f"the sentence of {criterion.id} states {figure} {its_unit}, which is not its limit in the register"


def _states(sentence: str, spelling: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(spelling)}(?!\w)", sentence) is not None
