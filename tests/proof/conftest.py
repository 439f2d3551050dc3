"""Runs of the suite against a sandbox, sound or broken by a planted fault, side by side in the background.

The tests of the other folders go on meanwhile, so a lane is a process of its own: they change what is theirs, the
environment, the folder, functions. They take one of two processors, one lane the other; it becomes two when nothing is
left but to look at the runs. A third is for what mostly waits, phase 3, and for what is short, phase 0: less than half
a processor. More at once would be quicker, and make a sound product late now and then.

The sound run is of the whole plan. A fault's run is not, since every fault times every test would take hours: it is of
test 1.1a, on which all others stand, and of the phase of the criterion that the fault breaks, but for its long tests;
a fault of a long test is run against that test and 1.1a. Long is what waits for tens of seconds, or works in a browser,
which takes a processor as much as all the rest of phase 1 does. So the proof says that a fault turns no other criterion
red of what was run against it; of others it says nothing. With STREAMSPACE_PROOF=whole it is of the whole phase.

All tests that are marked `quiet`, of whatever folder, go first. The sound run, and those about figures that a busy
machine would spoil, come next, one by one, beside the third lane alone.
"""

import multiprocessing
import os
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from streamspace_sandbox.faults.catalogue import Fault, faults, find
from tests.proof.lies import Lie, told
from tests.proof.running import Run, embedded, run_suite
from tests.support.project import PROJECT

__all__ = ["PROJECT", "Run", "Runs", "embedded", "run_suite"]

REGISTER = PROJECT / "plan" / "criteria.toml"
SPAWN = multiprocessing.get_context("spawn")
SOUND = "no fault"
BASIS = "@test-1.1a"
LONG_PHASES = {3}
WAITING_PHASES = {0, 3}
BUSY_LANES = 2
LIES_TO_ONE = 6
LONG_TESTS = {"1.1d", "1.1e", "1.3"}
WANT_A_QUIET_MACHINE = {"1.1e-5"}
WANT_TIME = {"3.3-1", "3.3-2"}
"""What judges fractions of a heartbeat: a clock that is half as fast makes what a busy machine adds half as much."""
HALF_AS_FAST = ("--time-scale", "0.2")
JUDGE_TIMES = {"hostile"}
"""The folders whose tests are all `quiet`."""

_of_lane: list[Event] = []


class Runs:
    """The runs that the selected tests need, started ahead of them."""

    def __init__(self, names: list[str], lies: list[Lie], folder: Path) -> None:
        self._hurry = SPAWN.Event()
        self._busy, self._waiting = _lanes(BUSY_LANES, self._hurry), _lanes(1, self._hurry)
        self._folder = folder
        self._futures: dict[str, Future[Run]] = {}
        self._lies: dict[str, Future[dict[str, Run]]] = {}
        self._quiet = [name for name in names if name == SOUND or find(name).breaks in WANT_A_QUIET_MACHINE]
        others = [name for name in names if name not in self._quiet]
        self._futures |= {name: self._begin(self._waiting, name) for name in others if _waits(_broken_test(name))}
        for name in self._quiet:
            self._futures[name] = self._begin(self._busy, name)
            wait([self._futures[name]])
        self._busy.submit(_wait_for_hurry)
        self._tell(self._waiting, [lie.name for lie in lies if _waits(_test(lie.test))])
        self._tell(self._busy, [lie.name for lie in lies if not _waits(_test(lie.test))])
        self._futures |= {name: self._begin(self._busy, name) for name in others if not _waits(_broken_test(name))}

    def __getitem__(self, name: str) -> Run:
        if name not in self._quiet:
            self._hurry.set()  # the tests of the other folders are over
        return self._futures[name].result()

    def with_lie(self, name: str) -> Run:
        """The run against a sound sandbox behind a proxy that tells the lie of that name."""
        self._hurry.set()
        return self._lies[name].result()[name]

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        self._hurry.set()
        for pool in (self._busy, self._waiting):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self._busy, self._waiting):
            pool.shutdown()

    def _begin(self, pool: ProcessPoolExecutor, name: str) -> Future[Run]:
        return pool.submit(_run, name, self._folder / name.replace(" ", "-"))

    def _tell(self, pool: ProcessPoolExecutor, lies: list[str]) -> None:
        """Some lies share a sandbox, and not all of them: several lanes may take theirs."""
        for first in range(0, len(lies), LIES_TO_ONE):
            some = lies[first : first + LIES_TO_ONE]
            self._lies |= dict.fromkeys(some, pool.submit(told, some, self._folder))


def _waits(test: dict[str, Any]) -> bool:
    """Whether runs of that test leave the processor alone for the most part, or are short."""
    return test["phase"] in WAITING_PHASES


def _lanes(count: int, hurry: Event) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, SPAWN, _begin_lane, (hurry,))


def _begin_lane(hurry: Event) -> None:
    """A lane whose session was killed ends as well, and its sandbox with it."""
    _of_lane.append(hurry)

    def watch() -> None:
        session = multiprocessing.parent_process()
        assert session is not None
        session.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _wait_for_hurry() -> None:
    """Keeps one lane from its work until then."""
    _of_lane[0].wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What wants a quiet machine first; then the runs begin, and what they showed is looked at after all else."""
    first = next(filter(_looks_at_runs, items), None)
    items.sort(key=lambda item: 0 if _is_quiet(item) else 1 if item is first else 3 if _looks_at_runs(item) else 2)


def _looks_at_runs(item: pytest.Item) -> bool:
    return "runs" in getattr(item, "fixturenames", ())


def _subject(item: pytest.Item) -> Fault | Lie | None:
    """What the run is about that the test looks at; None for the sound one."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return parameters.get("fault") or parameters.get("lie")


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None or item.path.parent.name in JUDGE_TIMES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for a `fault` every one of the catalogue."""
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", faults(), ids=lambda fault: fault.name)


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The runs that the session's tests look at: of each fault that one is about, and the sound one."""
    mine = [_subject(item) for item in request.session.items if _looks_at_runs(item)]
    lies = [each for each in mine if isinstance(each, Lie)]
    names = [each.name for each in mine if isinstance(each, Fault)]
    started = Runs([SOUND] * (None in mine) + names, lies, tmp_path_factory.mktemp("runs"))
    yield started
    started.close()


def _test(test: str) -> dict[str, Any]:
    """The register's entry of the test of that number."""
    return next(each for each in tomllib.loads(REGISTER.read_text())["test"] if each["id"] == test)


def _broken_test(name: str) -> dict[str, Any]:
    """That of the test whose criterion the fault of that name breaks."""
    return _test(find(name).breaks.rpartition("-")[0])


def covered(name: str) -> str:
    """The tags of what is run against the fault of that name."""
    test = _broken_test(name)
    if os.environ.get("STREAMSPACE_PROOF") == "whole":
        return f"@phase{test['phase']} or {BASIS}"
    if test["phase"] in LONG_PHASES or test["id"] in LONG_TESTS:
        return f"@test-{test['id']} or {BASIS}"
    left_out = "".join(f" and not @test-{long}" for long in sorted(LONG_TESTS))
    return f"(@phase{test['phase']}{left_out}) or {BASIS}"


def _run(name: str, reports: Path) -> Run:
    sandbox = f"proof-{os.getpid()}-{name.replace(' ', '-')}"[:60]
    if name == SOUND:
        with embedded(sandbox) as target:
            return run_suite(target, reports, sampled=True)
    clock = HALF_AS_FAST if find(name).breaks in WANT_TIME else ()
    with embedded(sandbox, "--fault", name, *clock) as target:
        return run_suite(target, reports, f"--tags={covered(name)}", plain=True)
