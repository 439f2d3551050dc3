"""Runs of the suite against a sandbox, sound or broken by a planted fault, side by side in the background.

Two lanes keep two processors busy. The others are for what does little but wait, phases 0 and 3: a run of these takes
a quarter of a processor at the most. Each lane is a process of its own, since the tests of the other folders go on
meanwhile, and change what is theirs: the environment, the folder, functions.

The sound run is of the whole plan. A fault's run is not, since every fault times every test would take hours: it is of
test 1.1a, on which all others stand, and of the phase of the criterion that the fault breaks, but for its long tests;
a fault of a long test is run against that test and 1.1a. So the proof says that a fault turns no other criterion red of
what was run against it; of others it says nothing. With STREAMSPACE_PROOF=whole it is of the whole phase.

The sound run, and those about figures that a busy machine would spoil, go first and one by one. So do all tests that
are marked `quiet`, of whatever folder, before them.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streamspace_sandbox.faults.catalogue import faults, find

PROJECT = Path(__file__).parents[2]
REGISTER = PROJECT / "plan" / "criteria.toml"
SOUND = "no fault"
BASIS = "@test-1.1a"
LONG_PHASES = {3}
WAITING_PHASES = {0, 3}
BUSY_LANES, WAITING_LANES = 2, 3
LONG_TESTS = {"1.1e", "1.3"}
WANT_A_QUIET_MACHINE = {"1.1e-5"}
JUDGE_TIMES = {"hostile"}
"""The folders whose tests are all `quiet`."""
RUN_SECONDS = 420
"""One run's deadline: many times a sound one's, since a broken product is waited for to the end of each budget."""


@dataclass(frozen=True)
class Run:
    """What one run of the suite said: its exit status, its console and `{criterion: verdict}`.

    `inapplicable` are the criteria that do not apply to its target.
    """

    status: int
    console: str
    verdicts: dict[str, str]
    reasons: dict[str, str]
    inapplicable: set[str]

    def of(self, verdict: str) -> set[str]:
        """The criteria that got `verdict`."""
        return {criterion for criterion, said in self.verdicts.items() if said == verdict}


class Runs:
    """The runs that the selected tests need, started ahead of them."""

    def __init__(self, names: list[str], folder: Path) -> None:
        self._busy, self._waiting = _lanes(BUSY_LANES), _lanes(WAITING_LANES)
        self._folder = folder
        self._futures: dict[str, Future[Run]] = {}
        quiet = [name for name in names if name == SOUND or find(name).breaks in WANT_A_QUIET_MACHINE]
        for name in quiet:
            self._futures[name] = self._begin(self._busy, name)
            wait([self._futures[name]])
        self._futures |= {name: self._begin(self._pool(name), name) for name in names if name not in quiet}

    def __getitem__(self, name: str) -> Run:
        return self._futures[name].result()

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        for pool in (self._busy, self._waiting):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self._busy, self._waiting):
            pool.shutdown()

    def _begin(self, pool: ProcessPoolExecutor, name: str) -> Future[Run]:
        return pool.submit(_run, name, self._folder / name.replace(" ", "-"))

    def _pool(self, name: str) -> ProcessPoolExecutor:
        return self._waiting if broken_test(name)["phase"] in WAITING_PHASES else self._busy


def _lanes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _end_with_the_session)


def _end_with_the_session() -> None:
    """A lane whose session was killed ends as well, and its sandbox with it."""

    def watch() -> None:
        session = multiprocessing.parent_process()
        assert session is not None
        session.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What wants a quiet machine first; then the runs begin, and what they showed is looked at after all else."""
    first = next(filter(_looks_at_runs, items), None)
    items.sort(key=lambda item: 0 if _is_quiet(item) else 1 if item is first else 3 if _looks_at_runs(item) else 2)


def _looks_at_runs(item: pytest.Item) -> bool:
    return "runs" in getattr(item, "fixturenames", ())


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None or item.path.parent.name in JUDGE_TIMES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for a `fault` every one of the catalogue."""
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", faults(), ids=lambda fault: fault.name)


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The runs that the session's tests look at: of each fault that one is about, and the sound one."""
    mine = filter(_looks_at_runs, request.session.items)
    asked = [item.callspec.params["fault"].name if "fault" in item.fixturenames else SOUND for item in mine]
    started = Runs(asked, tmp_path_factory.mktemp("runs"))
    yield started
    started.close()


def broken_test(name: str) -> dict[str, Any]:
    """The register's entry of the test whose criterion the fault of that name breaks."""
    breaks = find(name).breaks
    tests = tomllib.loads(REGISTER.read_text())["test"]
    return next(test for test in tests if breaks in {each["id"] for each in test["criteria"]})


def covered(name: str) -> str:
    """The tags of what is run against the fault of that name."""
    test = broken_test(name)
    if os.environ.get("STREAMSPACE_PROOF") == "whole":
        return f"@phase{test['phase']} or {BASIS}"
    if test["phase"] in LONG_PHASES or test["id"] in LONG_TESTS:
        return f"@test-{test['id']} or {BASIS}"
    left_out = "".join(f" and not @test-{long}" for long in sorted(LONG_TESTS))
    return f"(@phase{test['phase']}{left_out}) or {BASIS}"


def _run(name: str, reports: Path) -> Run:
    sandbox = f"proof-{os.getpid()}-{name.replace(' ', '-')}"[:60]
    with embedded(sandbox, *([] if name == SOUND else ["--fault", name])) as target:
        return run_suite(target, reports, *([] if name == SOUND else [f"--tags={covered(name)}"]))


@contextmanager
def embedded(name: str, *options: str) -> Iterator[dict[str, str]]:
    """A sandbox while the context lasts, as the environment variables that lead to it."""
    try:
        told = _tool(
            "streamspace-sandbox", "up", "--name", name, *options, "--format", "json", "--owner-pid", str(os.getpid())
        )
        yield json.loads(told)
    finally:
        _tool("streamspace-sandbox", "down", "--name", name)


def run_suite(target: Mapping[str, str], reports: Path, *chosen: str) -> Run:
    """The suite, or what behave's arguments choose of it, against `target`."""
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--no-color", *chosen],
        cwd=PROJECT,
        env=os.environ | target | {"STREAMSPACE_REPORTS": str(reports)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    criteria = json.loads((reports / "verdict.json").read_text())["criteria"]
    return Run(
        status=done.returncode,
        console=done.stdout + done.stderr,
        verdicts={each["id"]: each["verdict"] for each in criteria},
        reasons={each["id"]: each.get("reason") or "" for each in criteria},
        inapplicable={each["id"] for each in criteria if not each.get("applies", True)},
    )


def _tool(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).with_name(name)), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{name} {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
    return done.stdout
