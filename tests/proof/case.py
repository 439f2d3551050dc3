"""A case of the proof: what it is called, what it concerns, how long it takes, and what came of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Set
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

from tests.proof.running import Run, embedded

_numbers = count(1)
Start = Callable[[str], AbstractContextManager[dict[str, str]]]


class Load(Enum):
    """What a case asks of the machine. The scheduler decides by it what runs at the same time."""

    BUSY = "busy"
    """It takes most of a processor."""
    WAITING = "waiting"
    """It mostly waits, and takes less than half a processor."""
    QUIET = "quiet"
    """It judges times that a busy machine would spoil: beside it runs one case that waits."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    `wanted` are the criteria that had to turn red, `red` those that did, each with the reason that the suite gave.
    `problems` are sentences; the case is as expected when there are none.
    """

    wanted: tuple[str, ...] = ()
    red: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    console: str = ""

    @classmethod
    def of(cls, run: Run, wanted: Set[str], problems: list[str], broken: Set[str] = frozenset()) -> Outcome:
        """The outcome of a run of the suite; its console is kept if there are problems.

        `broken` are the criteria that may be, and have to be, BROKEN.
        """
        red = {criterion: run.reasons[criterion] for criterion in sorted(run.of("FAILED"))}
        found = [*_differences(wanted, set(red)), *problems]
        if unexpected := sorted(run.of("BROKEN") - broken):
            found.append(f"BROKEN: {', '.join(f'{criterion} ({run.reasons[criterion]})' for criterion in unexpected)}")
        if missing := sorted(broken - run.of("BROKEN")):
            found.append(f"not BROKEN: {', '.join(missing)}")
        return cls(tuple(sorted(wanted)), red, tuple(found), run.console if found else "")


def _differences(wanted: Set[str], red: set[str]) -> list[str]:
    found = []
    if missing := sorted(wanted - red):
        found.append(f"not red, though mapped: {', '.join(missing)}")
    if extra := sorted(red - wanted):
        found.append(f"red, though not mapped: {', '.join(extra)}")
    return found


@dataclass(frozen=True)
class Result:
    """An outcome as it lies on disk, with the seconds that the case took."""

    id: str
    seconds: float
    outcome: Outcome

    @property
    def is_as_expected(self) -> bool:
        return not self.outcome.problems

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        found = document["outcome"]
        outcome = Outcome(tuple(found["wanted"]), found["red"], tuple(found["problems"]), found["console"])
        return cls(document["id"], document["seconds"], outcome)


class Lane:
    """Where cases run one after another: a folder of its own, and one healthy sandbox that they may share."""

    def __init__(self, folder: Path, stack: ExitStack, start: Start = embedded) -> None:
        self._folder = folder
        self._sandbox = stack.enter_context(ExitStack())
        self._start = start
        self._healthy: dict[str, str] | None = None

    def folder(self) -> Path:
        """A path for a case's reports that nothing has used."""
        return self._folder / f"{next(_numbers)}"

    def sandbox_name(self) -> str:
        return f"proof-{os.getpid()}-{threading.get_ident() % 10**6}-{next(_numbers)}"

    def healthy(self) -> dict[str, str]:
        """The lane's healthy sandbox. It is started when a case first asks for it, and lasts as long as the lane."""
        if self._healthy is None:
            self._healthy = self._sandbox.enter_context(self._start(self.sandbox_name()))
        return self._healthy

    def renew(self) -> None:
        """The next case that asks for a healthy sandbox gets another one: this one may not be what it was."""
        self._healthy = None
        self._sandbox.close()


@dataclass(frozen=True)
class Case:
    """One thing that the proof checks.

    `id` is stable, `family/name`. `criteria` are those of the plan that it concerns; none for a case about the suite.
    `seconds` is its weight: how long it takes on two processors beside other cases. `check` runs it. `sample`: it is
    one of those that `make test` runs as well, and `check_quickly` is what that runs where it differs.
    """

    id: str
    criteria: tuple[str, ...]
    seconds: float
    load: Load
    check: Callable[[Lane], Outcome]
    sample: bool = False
    check_quickly: Callable[[Lane], Outcome] | None = None

    @property
    def family(self) -> str:
        return self.id.partition("/")[0]

    def concerns(self, wanted: str) -> bool:
        """Whether `--only WANTED` means it: a family, a name, a criterion or a test of the plan."""
        tests = {criterion.rpartition("-")[0] for criterion in self.criteria}
        return wanted in {self.id, self.family, self.id.partition("/")[2], *self.criteria, *tests}
