"""One run in shards: which scenarios a runner gets, the same on each machine that has the same features.

The last shard is the exclusive one. It has all scenarios that need their target for themselves: those that disrupt it,
and the phases about agents and load. The others are spread by their expected durations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict.register import Register

OPTION = "shard"
DURATIONS = Path("plan") / "durations.json"
"""The expected seconds of each scenario, by its place."""
DISRUPTIVE = "disruptive"
_EXCLUSIVE_PHASES = (3, 4)
_TOGETHER = 2
"""A template that one test of this phase leaves behind is explained by another one, so its scenarios stay together."""
_DEFAULT_SECONDS = 10.0
_FORM = re.compile(r"(?P<number>[1-9]\d*)/(?P<of>[1-9]\d*)")


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `of`, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def exclusive(self) -> bool:
        """Whether it needs its target for itself."""
        return self.number == self.of > 1


@dataclass(frozen=True)
class Planned:
    """A scenario of the whole run: its place, its line in the file, its expected seconds and its shard's number.

    `recorded`: whether the seconds are those of an earlier run, and not the median of all others.
    """

    place: str
    line: int
    seconds: float
    shard: int
    recorded: bool = False


@dataclass(frozen=True)
class Division:
    """A whole run that was divided: `own` are behave's scenarios of this shard, `others` those of the others.

    `gates`: whether a phase that fails keeps later ones from counting.
    """

    shard: Shard
    plan: tuple[Planned, ...]
    own: tuple[Any, ...]
    others: tuple[Any, ...]
    gates: bool


def divide(scenarios: Sequence[tuple[str, Any]], shard: Shard, register: Register, *, gates: bool) -> Division:
    """This shard of `scenarios`, given with their places. SetupProblem if none is left for it."""
    planned = plan(scenarios, shard.of, register, read_durations())
    own = tuple(
        scenario for (_, scenario), where in zip(scenarios, planned, strict=True) if where.shard == shard.number
    )
    others = tuple(
        scenario for (_, scenario), where in zip(scenarios, planned, strict=True) if where.shard != shard.number
    )
    if not own:
        raise SetupProblem(
            f"Shard {shard} has no scenario: `streamspace-acceptance shards {shard.of}` lists the others."
        )
    return Division(shard, tuple(planned), own, others, gates)


def parse(value: str | None) -> Shard | None:
    """The shard that `-D shard=2/4` asks for; None without the option. SetupProblem for anything else."""
    if value is None:
        return None
    found = _FORM.fullmatch(value)
    if found is None or int(found["number"]) > int(found["of"]):
        raise SetupProblem(f"-D {OPTION}={value} is not a shard: use -D {OPTION}=2/4 for the second of four.")
    return Shard(int(found["number"]), int(found["of"]))


def read_durations(path: Path = DURATIONS) -> dict[str, float]:
    """The expected durations; none if there is no such file. SetupProblem if it has another shape."""
    if not path.exists():
        return {}
    try:
        return {str(place): float(seconds) for place, seconds in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise SetupProblem(f"{path} is not a table of seconds by scenarios: {error}.") from error


def plan(
    scenarios: Sequence[tuple[str, Any]], of: int, register: Register, durations: Mapping[str, float]
) -> list[Planned]:
    """Each of `scenarios`, given with its place, and its shard out of `of`. Deterministic."""
    usual = median(durations.values()) if durations else _DEFAULT_SECONDS
    seconds = [durations.get(place, usual) for place, _ in scenarios]
    loads = [0.0] * max(of - 1, 1)
    numbers = [of] * len(scenarios)
    for unit in sorted(
        _units(scenarios, register, of), key=lambda unit: (-sum(seconds[index] for index in unit), unit)
    ):
        lightest = loads.index(min(loads))
        loads[lightest] += sum(seconds[index] for index in unit)
        for index in unit:
            numbers[index] = lightest + 1
    return [
        Planned(place, scenario.line, expected, number, place in durations)
        for (place, scenario), expected, number in zip(scenarios, seconds, numbers, strict=True)
    ]


def _units(scenarios: Sequence[tuple[str, Any]], register: Register, of: int) -> list[tuple[int, ...]]:
    """The indices of scenarios that may run beside other shards, with those together that must stay together."""
    apart: list[tuple[int, ...]] = []
    together: list[int] = []
    for index, (_, scenario) in enumerate(scenarios):
        tags = scenario.effective_tags
        test = register.test_of(tags)
        phase = None if test is None else test.phase
        if of > 1 and (phase in _EXCLUSIVE_PHASES or DISRUPTIVE in tags):
            continue
        if phase == _TOGETHER:
            together.append(index)
        else:
            apart.append((index,))
    return [*apart, *([tuple(together)] if together else [])]
