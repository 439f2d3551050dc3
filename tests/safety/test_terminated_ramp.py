"""Ctrl-C in the middle of a ramp: its sessions are gone within 60 s, at a target that goes on to run."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.safety.fixtures import await_one_agent, look
from tests.safety.run_process import begun, journals
from tests.support.place import Place

GONE_SECONDS = 60.0
RAMP = "6,14,28"
REACHED, REACHED_SECONDS = 9, 240.0
"""Sessions of the second step are there by then, beside those of the first."""
PROBLEM = 2

# Quiet: how long a product takes to end its sessions is what a busy machine makes of it.
pytestmark = [pytest.mark.sandbox, pytest.mark.quiet, pytest.mark.timeout(600)]


@pytest.mark.usefixtures("agents_restored")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.whole)])
def test_interrupted_ramp_leaves_nothing_behind(place: Place, tmp_path: Path, number: signal.Signals) -> None:
    await_one_agent(place)
    before = look(place)
    with begun(place, tmp_path, "--tags=@test-4.4", "-D", f"ramp={RAMP}") as run:
        run.until(lambda: sum("id" in line for line in run.journal()) >= REACHED, REACHED_SECONDS)
        there, began = len(place.api.sessions().sessions), time.monotonic()
        run.process.send_signal(number)
        status = run.process.wait(timeout=2 * GONE_SECONDS)
        took = time.monotonic() - began
        now = look(place)
        sys.stdout.write(f"INTERRUPTED\tramp {RAMP}\t{there} sessions\tover in {took:.1f} s\n")
        assert (now.beyond(before), now.lacks(before), journals(place)) == ([], [], []), run.console
        assert took <= GONE_SECONDS, run.console
        assert status == PROBLEM, run.console
        assert run.await_end_of_processes() == []
