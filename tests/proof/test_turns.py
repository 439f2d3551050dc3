"""A quiet test is alone across processes; all others run side by side."""

import threading
from pathlib import Path

from tests.turns import Turns

SECONDS = 10.0


def in_background(turns: Turns, *, alone: bool) -> tuple[threading.Thread, threading.Event]:
    """Another worker that enters, and an event that says that it is in."""
    entered = threading.Event()

    def enter() -> None:
        turns.enter(alone=alone)
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    return thread, entered


def test_tests_that_are_not_quiet_run_together(tmp_path: Path) -> None:
    first, second = Turns(tmp_path), Turns(tmp_path)
    first.enter(alone=False)
    thread, entered = in_background(second, alone=False)
    assert entered.wait(SECONDS)
    thread.join()
    for turns in (first, second):
        turns.leave()


def test_quiet_test_waits_for_the_others_and_they_for_it(tmp_path: Path) -> None:
    busy, quiet, late = Turns(tmp_path), Turns(tmp_path), Turns(tmp_path)
    busy.enter(alone=False)
    _, is_alone = in_background(quiet, alone=True)
    assert not is_alone.wait(0.2), "it entered beside another test"
    busy.leave()
    assert is_alone.wait(SECONDS)
    _, is_in = in_background(late, alone=False)
    assert not is_in.wait(0.2), "another test entered beside it"
    quiet.leave()
    assert is_in.wait(SECONDS)
    late.leave()
