"""The first signal lets clean-up finish; the second does not."""

from __future__ import annotations

import os
import signal

import pytest
from demo_project import Project

from streamspace_acceptance.verdict.interruption import Interrupted, Interruption


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def interruption(told: list[str]) -> Interruption:
    return Interruption(told.append)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_step_is_broken_off(interruption: Interruption, told: list[str], number: signal.Signals) -> None:
    with interruption.handled(), pytest.raises(Interrupted, match=number.name):
        os.kill(os.getpid(), number)
    assert told == [f"stopped by {number.name}"]


def test_clean_up_is_not(interruption: Interruption, told: list[str]) -> None:
    interruption.forbid()
    with interruption.handled():
        os.kill(os.getpid(), signal.SIGTERM)
    assert told == ["stopped by SIGTERM"]


def test_clean_up_is_broken_off_when_asked_again(interruption: Interruption, told: list[str]) -> None:
    interruption.forbid()
    with interruption.handled():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    assert told == ["stopped by SIGTERM"]


def test_the_handlers_are_given_back(interruption: Interruption) -> None:
    earlier = signal.getsignal(signal.SIGTERM)
    with interruption.handled():
        assert signal.getsignal(signal.SIGTERM) != earlier
    assert signal.getsignal(signal.SIGTERM) == earlier


def test_a_run_that_is_stopped_before_it_began_says_so_in_one_sentence(project: Project) -> None:
    steps = (project.folder / "steps/steps.py").read_text()
    project.write("steps/steps.py", f"import os, signal\n\nos.kill(os.getpid(), signal.SIGTERM)\n{steps}")
    run = project.behave()
    assert (run.status, run.stderr) == (2, "The run was stopped by SIGTERM before it began.\n")
    assert not (project.folder / "reports").exists()
