"""A sentence states the limit of its criterion, and no other figure of time."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamspace_acceptance.commands.lint.figures import check_figures
from streamspace_acceptance.verdict.register import Criterion, Register, Test

REGISTER = Path("criteria.toml")


def found(sentence: str | None, limit: float | None = None, unit: str | None = None) -> list[str]:
    criterion = Criterion("1.2-1", "a", sentence, limit, unit)
    plan = Register((Test("1.2", 1, "P0", "x", (criterion,)),))
    return [finding.message for finding in check_figures(REGISTER, plan)]


@pytest.mark.parametrize(
    ("sentence", "limit", "unit"),
    [
        ("the mean is below 60 s", 60, "s"),
        ("it changes within 100 ms", 100, "ms"),
        ("each serves as many, ±2", 2, "sessions"),
        ("at least 10 sessions/min are created", 10, "sessions/min"),
        ("the frame rate is at least 15 FPS", 15, "frames/s"),
        ("the API uses less than 500m CPU", 500, "millicores"),
        ("the API uses less than 1 GiB", 1024, "MiB"),
        ("the agent uses less than 512Mi of memory", 512, "MiB"),
        ("all 3 agents connect", None, None),
        (None, 60, "s"),
    ],
)
def test_figures_limit_stated_is_clean(sentence: str | None, limit: float | None, unit: str | None) -> None:
    assert found(sentence, limit, unit) == []


@pytest.mark.parametrize(
    ("sentence", "limit", "unit", "message"),
    [
        ("the mean is within the budget", 60, "s", "does not state its limit, 60 s"),
        ("the mean is below 160 s", 60, "s", "does not state its limit, 60 s"),
        ("the mean is below 60 ms", 60, "s", "does not state its limit, 60 s"),
        ("the mean is below 60 s, later 30 s", 60, "s", "states 30 s, which is not its limit"),
        ("it goes on within 120 s", None, None, "states 120 s, which is not its limit"),
        ("it is below 5 parsecs", 5, "parsecs", "has the unit 'parsecs'"),
    ],
)
def test_figures_other_limit_is_found(sentence: str, limit: float | None, unit: str | None, message: str) -> None:
    assert any(message in finding for finding in found(sentence, limit, unit))


def test_figures_of_the_plan_are_clean() -> None:
    assert check_figures(REGISTER, Register.load()) == []
