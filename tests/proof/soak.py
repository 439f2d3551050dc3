"""The plan again and again: `python -m tests.proof.soak [--runs N] [--tags TAGS] [--seed S]`, also called `make soak`.

Each run has its scenarios in random order, by its seed, with processes beside it that take the processor for moments,
and behind a proxy that delays each answer and each message of a desktop by 50 ms, give or take 30 ms. Nothing is tried
again. All runs share one embedded StreamSpace. The exit status is 1 if any scenario was red.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tests.proof.proxy import Rule, proxied
from tests.proof.running import embedded, run_suite
from tests.support.project import PROJECT
from tests.surroundings import forget_targets

FOLDER = PROJECT / "reports" / "soak"
SHORTEST, LONGEST = 0.020, 0.080
RUN_SECONDS = 3600.0
STOPPED = 130
OF_THE_LINE = frozenset({"1.1e-5", "4.3-1", "4.3-3", "4.3-4"})
"""Limits of so few milliseconds that this line alone exceeds them: they are not judged."""
RED = ("FAILED", "BROKEN")
BURSTS = """
import random, sys, time
dice = random.Random(int(sys.argv[1]))
while True:
    end = time.monotonic() + dice.uniform(0.1, 2.0)
    while time.monotonic() < end:
        pass
    time.sleep(dice.uniform(0.1, 2.0))
"""


class Jitter(Rule):
    """Each answer, and each message of a desktop or its viewer, comes late by some other time."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a delay, not a secret

    @property
    def delay(self) -> float:  # type: ignore[override]
        """Seconds, another one each time that it is asked for."""
        return self._dice.uniform(SHORTEST, LONGEST)


@dataclass(frozen=True)
class Scenario:
    """A scenario of a run, with its verdict and reason."""

    name: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class SoakRun:
    """What one run came to."""

    seed: int
    seconds: float
    scenarios: tuple[Scenario, ...]

    @property
    def red(self) -> list[Scenario]:
        """The scenarios that FAILED or are BROKEN."""
        return [scenario for scenario in self.scenarios if scenario.verdict in RED]

    def describe(self) -> str:
        """One line, and one for each scenario that was red or not shown."""
        unproven = [scenario for scenario in self.scenarios if scenario.verdict == "UNPROVEN"]
        told = [f"  {scenario.verdict} “{scenario.name}”: {scenario.reason}" for scenario in (*self.red, *unproven)]
        head = f"seed {self.seed}: {len(self.scenarios)} scenarios, {len(self.red)} red, {len(unproven)} not shown"
        return "\n".join([f"{head}, {self.seconds:.0f} s", *told])


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    forget_targets()
    first = secrets.randbelow(10**6) if options.seed is None else options.seed
    done: list[SoakRun] = []
    status = 0
    try:
        with embedded(f"soak-{os.getpid()}") as target:
            for seed in range(first, first + options.runs):
                done.append(_run(target, seed, options))
                sys.stdout.write(f"{done[-1].describe()}\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        status = STOPPED
    scenarios, red = sum(len(run.scenarios) for run in done), sum(len(run.red) for run in done)
    sys.stdout.write(f"{len(done)} runs, {scenarios} scenario runs, {red} red\n")
    return status or int(red > 0)


def _run(target: dict[str, str], seed: int, options: argparse.Namespace) -> SoakRun:
    began, reports = time.monotonic(), options.folder / str(seed)
    tags = [f"--tags={options.tags}"] if options.tags else []
    with _stress(options.stress, seed), proxied(target["STREAMSPACE_API_URL"], Jitter(seed)) as url:
        behind = {**target, "STREAMSPACE_API_URL": url}
        run_suite(behind, reports, *tags, program=["tests.proof.shuffled", str(seed)], limit=RUN_SECONDS)
    document = json.loads((reports / "verdict.json").read_text())
    return SoakRun(seed, time.monotonic() - began, tuple(map(scenario_of, document["scenarios"])))


def scenario_of(found: dict[str, Any]) -> Scenario:
    """The verdict that counts: that of the line's own limits does not."""
    excused = [step for step in found["steps"] if step["criterion"] in OF_THE_LINE and step["verdict"] != "PROVEN"]
    if excused and all(step["verdict"] == "PROVEN" or step in excused for step in found["steps"]):
        return Scenario(found["name"], "PROVEN", "")
    applies = found.get("applies", True)
    return Scenario(found["name"], found["verdict"] if applies else "inapplicable", " ".join(found["reason"].split()))


@contextmanager
def _stress(count: int, seed: int) -> Iterator[None]:
    """So many processes that take a processor for moments."""
    busy = [subprocess.Popen([sys.executable, "-c", BURSTS, f"{seed}{number}"]) for number in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.soak", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    add("--tags", default="", help="scenarios of each run, as for behave (default: all)")
    add("--seed", type=int, help="seed of the first run; each later run takes the next number (default: random)")
    add(
        "--stress",
        type=int,
        default=os.cpu_count() or 1,
        help="number of busy processes beside the runs (default: one for each processor)",
    )
    add("--folder", type=Path, default=FOLDER, help="folder for the reports of the runs (default: reports/soak)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
