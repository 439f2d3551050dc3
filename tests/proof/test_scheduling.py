"""Which groups of tests the workers of pytest-xdist run at the same time: few busy ones, and quiet ones at the end."""

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer

from tests.scheduling import MOST_BUSY, QUIET, Scheduling, busy

GROUPS = {f"units {number}": 5 for number in range(9)} | {f"programs {number}": 2 for number in range(9)}
GROUPS |= {busy("the longest"): 3} | {busy(f"fault {number}"): 1 for number in range(7)} | {busy("kills"): 6}
GROUPS |= {QUIET: 4}
TESTS = [f"test.py::test_{number}@{group}" for group, count in GROUPS.items() for number in range(count)]


class Worker:
    """A worker that runs nothing: the test says when it has run one."""

    def __init__(self) -> None:
        self.to_run: list[int] = []
        self.shutting_down = False
        self.gateway = SimpleNamespace(id="gw")

    def send_runtest_some(self, tests: list[int]) -> None:
        self.to_run += tests

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def group(self) -> str | None:
        """That of the test that it runs: the last one waits until no other follows."""
        runs = len(self.to_run) > 1 or (self.to_run and self.shutting_down)
        return TESTS[self.to_run[0]].partition("@")[2] if runs else None


def run(workers: list[Worker], dice: random.Random) -> Iterator[list[str | None]]:
    """The groups that the workers run at each moment, until no test is left."""
    option = SimpleNamespace(loadscopereorder=False)
    config: Any = SimpleNamespace(option=option, getvalue=lambda _: ["popen"] * len(workers))
    scheduling: Any = Scheduling(config, Producer("tests", enabled=False))
    for worker in workers:
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, TESTS)
    scheduling.schedule()
    while running := [worker for worker in workers if worker.group]:
        yield [worker.group for worker in workers]
        worker = dice.choice(running)
        scheduling.mark_test_complete(worker, worker.to_run.pop(0))
    assert not scheduling.workqueue
    assert not any(worker.to_run for worker in workers)


@pytest.mark.parametrize("number", [1, 2, MOST_BUSY + 1, MOST_BUSY + 3])
@pytest.mark.parametrize("seed", range(5))
def test_busy_groups_are_few_and_quiet_ones_come_last(number: int, seed: int) -> None:
    workers = [Worker() for _ in range(number)]
    moments = list(run(workers, random.Random(seed)))  # noqa: S311 - no secret
    assert moments[0][0] == "units 0"
    assert None not in moments[0]
    assert all(sum((group or "").startswith(busy("")) for group in moment) <= MOST_BUSY for moment in moments)
    quiet = [moment for moment in moments if QUIET in moment]
    assert all(moment.count(QUIET) == 1 for moment in quiet)
    assert quiet == moments[-len(quiet) :], "other tests began after the quiet ones"
