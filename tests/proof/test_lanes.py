"""How cases share the machine, and what becomes of one that breaks."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.proof.case import Case, Lane, Load, Outcome, Result
from tests.proof.children import Children
from tests.proof.lanes import Lanes

SECONDS = 10.0


def run(folder: Path, *cases: Case) -> list[Result]:
    results: list[Result] = []
    Lanes(cases, folder, results.append).run()
    return results


def case(name: str, load: Load, check: Callable[[Lane], Outcome], seconds: float = 1.0) -> Case:
    return Case(name, (), seconds, load, check)


def test_two_busy_cases_and_one_that_waits_run_together(tmp_path: Path) -> None:
    together = threading.Barrier(3)

    def check(_lane: Lane) -> Outcome:
        together.wait(SECONDS)
        return Outcome()

    loads = (Load.BUSY, Load.BUSY, Load.WAITING)
    results = run(tmp_path, *(case(f"a/{number}", load, check) for number, load in enumerate(loads)))
    assert all(result.is_as_expected for result in results), results


def test_quiet_case_is_over_before_a_busy_one_begins(tmp_path: Path) -> None:
    order: list[str] = []

    def note(name: str) -> Callable[[Lane], Outcome]:
        def check(_lane: Lane) -> Outcome:
            order.append(name)
            return Outcome()

        return check

    run(tmp_path, case("a/busy", Load.BUSY, note("busy"), 9.0), case("a/quiet", Load.QUIET, note("quiet")))
    assert order == ["quiet", "busy"]


def test_case_that_breaks_is_red_and_the_others_go_on(tmp_path: Path) -> None:
    def breaks(_lane: Lane) -> Outcome:
        raise RuntimeError("no sandbox")

    def holds(_lane: Lane) -> Outcome:
        return Outcome()

    results = {result.id: result for result in run(tmp_path, *(_both(breaks, holds)))}
    assert results["a/breaks"].outcome.problems == ("RuntimeError: no sandbox",)
    assert results["a/holds"].is_as_expected


def _both(breaks: Callable[[Lane], Outcome], holds: Callable[[Lane], Outcome]) -> list[Case]:
    return [case("a/breaks", Load.BUSY, breaks, 2.0), case("a/holds", Load.BUSY, holds)]


def test_lane_renews_its_sandbox_after_a_red_case(tmp_path: Path) -> None:
    events: list[str] = []

    @contextmanager
    def start(_name: str) -> Iterator[dict[str, str]]:
        events.append("up")
        yield {}
        events.append("down")

    with ExitStack() as stack:
        lane = Lane(tmp_path, stack, start)
        lane.healthy()
        lane.healthy()
        lane.renew()
        lane.healthy()
    assert events == ["up", "down", "up", "down"]


def test_red_case_leaves_its_sandbox_to_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[str] = []
    monkeypatch.setattr(Lane, "renew", lambda _lane: renewed.append("renewed"))
    run(tmp_path, case("a/red", Load.BUSY, lambda _lane: Outcome(problems=("red",)), 2.0))
    assert renewed == ["renewed"]
    run(tmp_path, case("a/as-wanted", Load.BUSY, lambda _lane: Outcome()))
    assert renewed == ["renewed"]


def test_error_of_the_report_ends_the_proof(tmp_path: Path) -> None:
    def full(_result: Result) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        Lanes([case("a/one", Load.BUSY, lambda _lane: Outcome())], tmp_path, full).run()


@pytest.fixture
def interrupts() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also in a worker of pytest-xdist, which ignores it otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupted_proof_waits_for_the_clean_up(interrupts: None, tmp_path: Path) -> None:
    children, cleaned, begun = Children(), threading.Event(), threading.Event()

    def check(_lane: Lane) -> Outcome:
        begun.set()
        try:
            children.run([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, 2 * SECONDS)
        finally:
            children.run([sys.executable, "-c", "import time; time.sleep(0.5)"], os.environ, SECONDS, always=True)
            cleaned.set()
        return Outcome()

    def interrupt() -> None:
        begun.wait(SECONDS)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        Lanes([case("a/one", Load.BUSY, check)], tmp_path, lambda _result: None, children=children).run()
    assert cleaned.is_set()
    interrupter.join()
