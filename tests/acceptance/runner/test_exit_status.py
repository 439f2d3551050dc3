"""What the process ends with: 0 all proven, 1 failed, 2 broken, 3 unproven; the worst verdict counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sampling import sample
from tests.support.demo_project import Project


@pytest.mark.parametrize(
    ("demo", "status"),
    sample(
        [
            ("", 0),
            ("file=fail", 1),
            ("file=plain", 1),
            ("file=error", 2),
            ("file=unproven", 3),
            ("pod=unproven,file=fail,volume=error", 1),
            ("pod=unproven,file=error", 2),
            ("given=fail", 1),
            ("given=error", 2),
            ("when=unproven", 3),
        ],
        0,
        1,
        3,
        4,
        5,
    ),
)
def test_the_worst_verdict_counts(project: Project, demo: str, status: int) -> None:
    assert project.behave("--tags=@test-1.2", demo=demo).status == status


def test_the_script_says_the_same_as_the_module(project: Project) -> None:
    script = Path(sys.executable).with_name("behave")
    done = subprocess.run(
        [str(script)], cwd=project.folder, env=project.environment("file=unproven"), capture_output=True, check=False
    )
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("hook", "status"),
    sample(
        [
            ("before_all", 2),
            ("before_scenario", 2),
            ("after_scenario", 2),
            ("after_feature", 2),
            ("after_all", 2),
            ("cleanup of a scenario", 2),
            ("cleanup of the run", 2),
            ("skip", 3),
            ("terminate in before_feature", 3),
            ("terminate in after_scenario", 3),
            ("terminate in after_all", 2),
        ],
        1,
        6,
        9,
    ),
)
def test_what_happens_beside_the_steps_counts(project: Project, hook: str, status: int) -> None:
    assert project.behave(hook=hook).status == status


def test_a_feature_that_cannot_be_read_is_broken(project: Project) -> None:
    project.write("features/2.1.feature", "Feature: x\n  Scenario: y\n    Given a template\n    Wenn z\n")
    run = project.behave()
    assert run.status == 2
    assert "2.1.feature" in run.stderr


def test_steps_that_cannot_be_read_are_broken(project: Project) -> None:
    project.write("steps/more.py", "import nowhere_to_be_found\n")
    run = project.behave()
    assert run.status == 2
    assert "nowhere_to_be_found" in run.stderr
