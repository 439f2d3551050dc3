"""The moments at which runs are killed or interrupted: their activity, and the time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.safety.agents import NO_IPTABLES, NO_SUCH_IMAGE, NOT_PERMITTED
from tests.safety.run_process import Run

KILLS = int(os.environ.get("STREAMSPACE_KILLS", "6"))
TERMS = int(os.environ.get("STREAMSPACE_TERMS", "6"))
SEED = int(os.environ.get("STREAMSPACE_SEED", "0")) or random.randrange(1, 10**6)  # noqa: S311 - no secret
AT_RANDOM = 0.3
"""The share of moments at any time of a run; the others follow upon something that it has begun."""


@dataclass(frozen=True)
class Work:
    """What a run is at: the scenarios, and how long they take in seconds, with the start of the run.

    `acts` is how many things it begins; `opens`, a program that is waited for as well; `agent`, how the agent has to be
    changed for it; `told`, what the run is told.
    """

    name: str
    arguments: Sequence[str]
    seconds: float
    acts: int
    agent: Mapping[str, object] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    opens: str = ""


_CUT = ["--tags=@test-3.3", "--name=network is cut"]
WORKS = [
    Work("sessions", ["--tags=@test-1.2 or @test-1.4"], 10.0, 4),
    Work("templates", ["--tags=@test-2.2 or @test-2.3"], 10.0, 6),
    Work("in the browser", ["--tags=@test-1.1d"], 12.0, 2, opens="--type=renderer"),
    Work("with mouse and keyboard", ["--tags=@test-1.1e"], 20.0, 3, opens="--type=renderer"),
    Work("a cut by iptables", _CUT, 12.0, 1),
    Work("scaling", ["--tags=@test-3.4"], 15.0, 17),
    Work("commands without an agent", ["--tags=@test-3.2"], 12.0, 2),
    Work("a cut by a container beside the agent", _CUT, 12.0, 1, {**NOT_PERMITTED, **NO_IPTABLES}),
    Work("a cut by a NetworkPolicy", _CUT, 12.0, 3, NOT_PERMITTED, NO_SUCH_IMAGE),
]


@dataclass(frozen=True)
class Moment:
    """When a run is stopped: `seconds` after its start, or after the act of that number was put on record."""

    work: Work
    act: int | None
    seconds: float

    def await_moment(self, run: Run) -> None:
        """Returns at the moment, or when the run is over before it."""
        if self.act is not None:
            run.until(lambda: run.intents() >= (self.act or 0) and run.processes(named=self.work.opens))
        time.sleep(self.seconds)

    def __str__(self) -> str:
        when = "its start" if self.act is None else f"act {self.act}"
        return f"{self.work.name}, {self.seconds:.2f} s after {when}"


def kills() -> list[Moment]:
    """The moments at which runs are killed."""
    return _moments(KILLS, random.Random(SEED))  # noqa: S311 - no secret


def terms() -> list[Moment]:
    """The moments at which runs are interrupted."""
    return _moments(TERMS, random.Random(f"{SEED} told to end"))  # noqa: S311 - no secret


def _moments(count: int, dice: random.Random) -> list[Moment]:
    """Each work in turn; of the same work one after the other, so that the agent is seldom changed."""
    works = sorted(number % len(WORKS) for number in range(count))
    return [_moment(WORKS[number], dice) for number in works]


def _moment(work: Work, dice: random.Random) -> Moment:
    if dice.random() < AT_RANDOM:
        return Moment(work, None, dice.uniform(0.8, work.seconds))
    act = dice.randint(1, work.acts)
    return Moment(work, act, dice.uniform(0.0, 1.5))
