"""An interrupted run ends within 20 s at any moment, leaves nothing behind, and reports the truth.

STREAMSPACE_TERMS says at how many moments (6 unless it says otherwise), STREAMSPACE_SEED which; the seed is printed
with a failure, and with `-s` how long each took. About two minutes: six of the runs start a StreamSpace of their own,
as `behave` does with nothing set.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamspace_acceptance.target.target import sandbox
from tests.safety.agents import Agents
from tests.safety.fixtures import await_one_agent, look, plant_others
from tests.safety.kill_moments import SEED, Moment, terms
from tests.safety.run_process import SWEPT_SECONDS, Run, begun, journals, sweep
from tests.sampling import sample
from tests.support.place import Place
from tests.support.sandbox_target import traces

ENDED_SECONDS = 30.0  # what Kubernetes gives a pod that it ends
BROKEN, UNPROVEN = 2, 3
DICE = random.Random(f"{SEED} points")  # noqa: S311 - no secret
OF_A_TARGET = ("STREAMSPACE_", "NAMESPACE", "KUBECONFIG")

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def a_session_is_there(run: Run) -> object:
    return any("uid" in line for line in run.journal())


def a_browser_is_open(run: Run) -> object:
    return run.processes(named="--type=renderer")


def the_sandbox_starts(run: Run) -> object:
    return run.processes(named="streamspace-sandbox up")


@dataclass(frozen=True)
class Point:
    """A run of `tests` has `reached` something, and up to `span` seconds have gone by."""

    name: str
    tests: str
    reached: Callable[[Run], object]
    span: float


AT_A_FILE = Point("its session is there", "@test-1.2", a_session_is_there, 0.5)
SEEING = Point("it looks at a desktop", "@test-1.1d", a_browser_is_open, 0.5)
STARTING = Point("its sandbox starts", "@test-1.2", the_sandbox_starts, 4.0)


@pytest.mark.usefixtures("agents_restored")
@pytest.mark.parametrize("moment", sample(terms(), 0, 4), ids=str)
def test_at_a_given_target(others: Place, agents: Agents, tmp_path: Path, moment: Moment) -> None:
    agents.become(moment.work.agent)
    await_one_agent(others)
    plant_others(others)
    before = look(others)
    with begun(others, tmp_path, *moment.work.arguments, **moment.work.told) as run:
        moment.await_moment(run)
        alive, acts, left = run.process.poll() is None, run.intents(), len(look(others).beyond(before))
        took = end(run) if alive else 0.0
        now = look(others)
        sys.stdout.write(
            f"INTERRUPTED\t{moment}\t{'alive' if alive else 'over'}\t{acts} acts\t{left} there\tover in {took:.1f} s"
            f"\tseed {SEED}\n"
        )
        assert (now.beyond(before), now.lacks(before), journals(others)) == ([], [], []), f"seed {SEED}: {run.console}"
    await_one_agent(others)


@pytest.mark.parametrize("point", sample([STARTING, AT_A_FILE, SEEING], 1), ids=lambda each: each.name)
def test_at_a_target_of_its_own(tmp_path: Path, point: Point) -> None:
    with own(tmp_path, point) as run:
        reach(run, point)
        end(run)
        assert "not up" in own_sandbox(run)


@pytest.mark.usefixtures("agents_restored")
def test_it_is_told_again_while_it_cleans_up(place: Place, tmp_path: Path) -> None:
    """What it does not clean up any more a sweep does."""
    await_one_agent(place)
    before = look(place)
    with begun(place, tmp_path, "--tags=@test-1.2") as run:
        reach(run, AT_A_FILE)
        run.process.send_signal(signal.SIGTERM)
        run.until(lambda: "Terminating" in {session.status for session in place.api.sessions().sessions})
        end(run)
        sweep(place)
    now = look(place)
    assert (now.beyond(before), now.lacks(before), journals(place)) == ([], [], [])


@pytest.mark.whole
def test_a_target_of_its_own_goes_with_it_when_it_is_told_again(tmp_path: Path) -> None:
    with own(tmp_path, AT_A_FILE) as run:
        reach(run, AT_A_FILE)
        run.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        end(run, signal.SIGINT)
        deadline = time.monotonic() + ENDED_SECONDS
        while "not up" not in own_sandbox(run) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "not up" in own_sandbox(run)


@pytest.mark.parametrize("point", sample([STARTING, AT_A_FILE], 1), ids=lambda each: each.name)
def test_a_target_of_its_own_goes_with_a_run_that_is_killed(tmp_path: Path, point: Point) -> None:
    with own(tmp_path, point) as run:
        reach(run, point)
        run.kill()
        name = f"behave-{run.process.pid}"
        began = time.monotonic()
        while any(left := traces(name).values()) and time.monotonic() - began < SWEPT_SECONDS:
            time.sleep(0.2)
        assert not any(left), f"seed {SEED}: {left}"
        assert run.await_end_of_processes() == []
        sys.stdout.write(f"KILLED\t{point.name}\tall gone after {time.monotonic() - began:.1f} s\tseed {SEED}\n")


def own(folder: Path, point: Point) -> "_Begun":
    """A run with nothing set: it starts a StreamSpace of its own."""
    environment = {
        key: value for key, value in os.environ.items() if key not in OF_A_TARGET and not key.startswith("STREAMSPACE_")
    }
    return _Begun(Run(environment | {"XDG_STATE_HOME": str(folder / "state")}, folder, [f"--tags={point.tests}"]))


@dataclass
class _Begun:
    run: Run

    def __enter__(self) -> Run:
        return self.run

    def __exit__(self, *_: object) -> None:
        self.run.close()


def reach(run: Run, point: Point) -> None:
    run.until(lambda: point.reached(run))
    time.sleep(DICE.uniform(0.0, point.span))
    assert run.process.poll() is None, f"over before the moment, seed {SEED}: {run.console}"


def end(run: Run, number: signal.Signals = signal.SIGTERM) -> float:
    """Tells the run to end, holds what is left of it against what there must be, and gives how long it took."""
    acts, began = run.intents(), time.monotonic()
    run.process.send_signal(number)
    status = run.process.wait(timeout=180)
    took = time.monotonic() - began
    assert took <= ENDED_SECONDS, f"seed {SEED}: ended after {took:.1f} s: {run.console}"
    assert run.await_end_of_processes() == []
    if status == -number:  # Python itself was still starting, and a signal ends it as it ends every program
        assert (acts, list(run.reports.glob("*"))) == (0, []), run.console
        return took
    assert status in (BROKEN, UNPROVEN), f"seed {SEED}: {run.console}"
    assert "Traceback" not in run.console, run.console
    assert "interrupted by SIG" in run.console, run.console
    if acts or (run.reports / "verdict.json").exists():
        tells_the_truth(run)
    return took


def tells_the_truth(run: Run) -> None:
    """It was interrupted, and nothing that it had not finished is proven: the scenario in question least of all."""
    document = run.document()
    assert document["interruption"] == "interrupted by SIGTERM"
    assert document["run"]["ended"]
    assert not [criterion for criterion in document["criteria"] if criterion["verdict"] == "FAILED"]
    assert [
        entry for entry in (*document["criteria"], *document["problems"]) if "interrupted by SIGTERM" in entry["reason"]
    ]
    summary = (run.reports / "SUMMARY.md").read_text()
    assert "interrupted by SIGTERM" in summary or "UNDECIDED" in summary


def own_sandbox(run: Run) -> str:
    """How the run's own sandbox does."""
    command = [sandbox(), "status", "--name", f"behave-{run.process.pid}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
