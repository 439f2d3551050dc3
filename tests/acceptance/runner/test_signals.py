"""The first signal lets clean-up finish; the second does not."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator

import pytest

from streamspace_acceptance.runner.signals import Interrupted, SignalHandler
from tests.support.demo_project import BEHAVE, Project, Run


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    """Tests that nohup has started ignore SIGHUP, and so does what they start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def interruption(told: list[str]) -> SignalHandler:
    return SignalHandler(told.append)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_step_is_broken_off(interruption: SignalHandler, told: list[str], number: signal.Signals) -> None:
    with interruption.handled(), pytest.raises(Interrupted, match=number.name):
        os.kill(os.getpid(), number)
    assert told == [f"interrupted by {number.name}"]


def test_clean_up_is_not(interruption: SignalHandler, told: list[str]) -> None:
    interruption.forbid()
    with interruption.handled():
        os.kill(os.getpid(), signal.SIGTERM)
    assert told == ["interrupted by SIGTERM"]


def test_clean_up_is_broken_off_when_asked_again(interruption: SignalHandler, told: list[str]) -> None:
    interruption.forbid()
    with interruption.handled():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    assert told == ["interrupted by SIGTERM"]


def test_a_terminal_that_is_closed_may_say_so_twice(interruption: SignalHandler, told: list[str]) -> None:
    with interruption.handled():
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
    assert told == ["interrupted by SIGHUP"]


def test_a_run_that_nohup_started_outlives_its_terminal(interruption: SignalHandler, told: list[str]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruption.handled():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert told == []


def test_when_its_terminal_is_closed_a_run_cleans_up_and_reports(project: Project) -> None:
    ours, theirs = pty.openpty()
    environment = project.environment("pod=hang") | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        ["setsid", "--ctty", *BEHAVE],
        cwd=project.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"hanging" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(timeout=180) == 2
    left = Run(project.folder, 2, "", "")
    assert left.ledger()["interruption"] == "interrupted by SIGHUP"
    assert (project.folder / "stopped").read_text() == "the target"
    assert (project.folder / "reports" / "SUMMARY.md").exists()


def test_a_run_whose_reader_has_ended_goes_on_to_its_end(project: Project) -> None:
    process = subprocess.Popen(
        BEHAVE, cwd=project.folder, env=project.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=180) == 0
    left = Run(project.folder, 0, "", "")
    assert left.ledger()["counts"]["PROVEN"] == 5
    assert left.ledger()["problems"] == []


def test_the_handlers_are_given_back(interruption: SignalHandler) -> None:
    earlier = signal.getsignal(signal.SIGTERM)
    with interruption.handled():
        assert signal.getsignal(signal.SIGTERM) != earlier
    assert signal.getsignal(signal.SIGTERM) == earlier


def test_a_run_interrupted_before_its_start_says_so(project: Project) -> None:
    steps = (project.folder / "steps/steps.py").read_text()
    project.write("steps/steps.py", f"import os, signal\n\nos.kill(os.getpid(), signal.SIGTERM)\n{steps}")
    run = project.behave()
    assert (run.status, run.stderr) == (2, "The run was interrupted by SIGTERM before it began.\n")
    assert not (project.folder / "reports").exists()
