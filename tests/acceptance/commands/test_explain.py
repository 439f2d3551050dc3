"""`streamspace-acceptance explain`: a criterion with its limit, its scenario and its code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import PROJECT


def explain(criterion: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamspace_acceptance.cli", "explain", criterion]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.slow
def test_explain_criterion_shows_limit_scenario_and_code() -> None:
    done = explain("1.1e-5")
    assert done.returncode == 0, done.stderr
    for part in (
        "1.1e-5  Input lag is below 100 ms",
        "limit:     100 ms",
        "Then the indicator changes within 100 ms",
        "features/1_sessions/1.1e_mouse_and_keyboard_interaction.feature:",
        "steps/interaction.py:",
        "expect.interaction.lag_below(",
        "behave --tags=@test-1.1e",
        "fault:     input-is-late: All input reaches the desktop 150 ms late",
        "No noticeable input lag (< 100ms)",
    ):
        assert part in done.stdout


@pytest.mark.slow
def test_explain_unknown_criterion_names_near_ones() -> None:
    done = explain("1.1e-9")
    assert done.returncode == 2
    assert "The plan has no criterion 1.1e-9. Did you mean 1.1e-5" in done.stderr


@pytest.mark.slow
def test_explain_test_names_its_criteria() -> None:
    done = explain("2.3")
    assert done.returncode == 2
    assert "2.3 is a test of the plan. Explain one of its criteria: 2.3-1, 2.3-2, 2.3-3, 2.3-4." in done.stderr


@pytest.mark.slow
def test_explain_unknown_test_names_the_range() -> None:
    assert "The plan has no criterion x. Its criteria go from 0-1 to 4.4-3." in explain("x").stderr
