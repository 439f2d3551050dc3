"""Programs end when the proof is stopped, apart from those that clean up."""

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.proof.children import Children, Finished, ProofStoppedError

SECONDS = 20.0
WAITS = [sys.executable, "-c", "import time; time.sleep(60)"]


def begun(children: Children, command: Sequence[str], *, always: bool = False) -> Future[Finished]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(children.run, command, os.environ, SECONDS, always=always)
    pool.shutdown(wait=False)
    return future


def test_output_and_status_are_kept() -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert Children().run([sys.executable, "-c", script], os.environ, SECONDS) == Finished(3, "out\n", "err\n")


def test_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError, match="more than"):
        Children().run(WAITS, os.environ, 0.2)


def test_stop_ends_what_runs_and_starts_nothing() -> None:
    children = Children()
    running = begun(children, WAITS)
    while not children.running:
        threading.Event().wait(0.01)
    children.stop()
    with pytest.raises(ProofStoppedError):
        running.result(SECONDS)
    with pytest.raises(ProofStoppedError):
        children.run(WAITS, os.environ, SECONDS)


def test_clean_up_runs_although_the_proof_is_stopped() -> None:
    children = Children()
    children.stop()
    assert children.run([sys.executable, "-c", "print('clean')"], os.environ, SECONDS, always=True).output == "clean\n"
