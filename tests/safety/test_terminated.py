"""A run that is told to end does so within 20 s wherever it is, leaves nothing, and its report is true.

About two minutes: three of the runs start a StreamSpace of their own, as `behave` does with nothing set.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streamspace_acceptance.target import sandbox
from tests.safety.conftest import Place
from tests.safety.runs import Run, begun, journals, sweep
from tests.safety.scene import await_one_agent, look

ENDED_SECONDS = 20.0
BROKEN, UNPROVEN = 2, 3
OF_A_TARGET = ("STREAMSPACE_", "NAMESPACE", "KUBECONFIG")

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def a_session_is_asked_for(run: Run) -> object:
    return run.intents("session")


def a_session_is_there(run: Run) -> object:
    return any("uid" in line for line in run.journal())


def a_browser_is_open(run: Run) -> object:
    return run.processes(named="--type=renderer")


def the_agent_is_cut_off(run: Run) -> object:
    return run.intents("disruption")


def the_sandbox_starts(run: Run) -> object:
    return run.processes(named="streamspace-sandbox up")


@dataclass(frozen=True)
class Moment:
    """A run of `tests` has `reached` something, and `later` seconds have gone by; the verdicts that are then true."""

    name: str
    tests: str
    reached: Callable[[Run], object]
    later: float = 0.0
    statuses: tuple[int, ...] = (BROKEN,)
    arguments: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)


WAITING = Moment("it waits for a session", "@test-1.2", a_session_is_asked_for, 0.3)
AT_A_FILE = Moment("its session is there", "@test-1.2", a_session_is_there, 0.2)
SEEING = Moment("it looks at a desktop", "@test-1.1d", a_browser_is_open, 0.2)
TYPING = Moment("it works in a desktop", "@test-1.1e", a_browser_is_open, 2.5)
CUT_OFF = Moment("an agent is cut off", "@test-3.3", the_agent_is_cut_off, 1.0, arguments=("--name=network fails",))
SCALED = Moment("agents are scaled", "@test-3.4", the_agent_is_cut_off, 0.5)
STARTING = Moment("its sandbox starts", "@test-1.2", the_sandbox_starts, 2.0, (UNPROVEN,))


@pytest.mark.parametrize("moment", [WAITING, AT_A_FILE, SEEING, TYPING, CUT_OFF, SCALED], ids=lambda each: each.name)
def test_at_a_given_target(place: Place, tmp_path: Path, moment: Moment) -> None:
    await_one_agent(place)
    before = look(place)
    with begun(place, tmp_path, f"--tags={moment.tests}", *moment.arguments) as run:
        reach(run, moment)
        end(run, moment, signal.SIGTERM)
    now = look(place)
    assert (now.beyond(before), now.lacks(before), journals(place)) == ([], [], [])
    await_one_agent(place)


@pytest.mark.parametrize("moment", [STARTING, AT_A_FILE, SEEING], ids=lambda each: each.name)
def test_at_a_target_of_its_own(tmp_path: Path, moment: Moment) -> None:
    with own(tmp_path, moment) as run:
        reach(run, moment)
        end(run, moment, signal.SIGTERM)
        assert "not up" in own_sandbox(run)


def test_it_is_told_again_while_it_cleans_up(place: Place, tmp_path: Path) -> None:
    """What it does not clean up any more a sweep does."""
    await_one_agent(place)
    before = look(place)
    with begun(place, tmp_path, "--tags=@test-1.2") as run:
        reach(run, AT_A_FILE)
        run.process.send_signal(signal.SIGTERM)
        run.until(lambda: "Terminating" in {each.status for each in place.api.sessions().sessions})
        end(run, AT_A_FILE, signal.SIGTERM)
        sweep(place)
    now = look(place)
    assert (now.beyond(before), now.lacks(before), journals(place)) == ([], [], [])


def test_a_target_of_its_own_goes_with_it_when_it_is_told_again(tmp_path: Path) -> None:
    with own(tmp_path, AT_A_FILE) as run:
        reach(run, AT_A_FILE)
        run.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        end(run, AT_A_FILE, signal.SIGINT)
        deadline = time.monotonic() + ENDED_SECONDS
        while "not up" not in own_sandbox(run) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "not up" in own_sandbox(run)


def own(folder: Path, moment: Moment) -> "_Begun":
    """A run with nothing set: it starts a StreamSpace of its own."""
    environment = {
        key: value for key, value in os.environ.items() if key not in OF_A_TARGET and not key.startswith("STREAMSPACE_")
    }
    return _Begun(Run(environment | {"XDG_STATE_HOME": str(folder / "state")}, folder, [f"--tags={moment.tests}"]))


@dataclass
class _Begun:
    run: Run

    def __enter__(self) -> Run:
        return self.run

    def __exit__(self, *_: object) -> None:
        self.run.close()


def reach(run: Run, moment: Moment) -> None:
    run.until(lambda: moment.reached(run))
    time.sleep(moment.later)


def end(run: Run, moment: Moment, number: signal.Signals) -> None:
    """Tells the run to end, and holds what is left of it against what there must be."""
    assert run.process.poll() is None, f"over before the moment: {run.console}"
    began = time.monotonic()
    run.process.send_signal(number)
    status = run.process.wait(timeout=60)
    took = time.monotonic() - began
    assert took <= ENDED_SECONDS, f"ended after {took:.1f} s: {run.console}"
    assert status in moment.statuses, run.console
    assert "Traceback" not in run.console, run.console
    assert "stopped by SIG" in run.console, run.console
    assert run.await_end_of_processes() == []
    tells_the_truth(run)


def tells_the_truth(run: Run) -> None:
    """It was interrupted, and nothing that it had not finished is proven: the scenario in question least of all."""
    document = run.document()
    assert document["interruption"] == "stopped by SIGTERM"
    assert document["run"]["ended"]
    assert not [each for each in document["criteria"] if each["verdict"] == "FAILED"]
    assert [each for each in document["criteria"] if "stopped by SIGTERM" in each["reason"]]
    summary = (run.reports / "SUMMARY.md").read_text()
    assert "stopped by SIGTERM" in summary or "UNDECIDED" in summary


def own_sandbox(run: Run) -> str:
    """How the run's own sandbox does."""
    command = [sandbox(), "status", "--name", f"behave-{run.process.pid}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
