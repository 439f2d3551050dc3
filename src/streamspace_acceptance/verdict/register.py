"""The register of the plan's criteria, as `plan/criteria.toml` holds it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamspace_acceptance.outcomes import SetupProblem

REGISTER = Path("plan") / "criteria.toml"
TEST_TAG = "test-"
UNITS = ("s", "ms", "sessions", "sessions/min", "frames/s", "millicores", "MiB")
"""The units of limits, for which the reports and the trend have rules."""


@dataclass(frozen=True)
class Criterion:
    """One criterion: `sentence` is the Then sentence that proves it (None: none does yet); `limit` is in `unit`.

    `words` are the places of a contract profile (docs/profiles.md) whose words are themselves the criterion.
    """

    id: str
    text: str
    sentence: str | None = None
    limit: float | None = None
    unit: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Test:
    """One test of the plan with its criteria, in the plan's order. `priority` is P0 or P1.

    `supporting` holds Then sentences that prove no criterion of their own (a positive control, say).
    """

    __test__ = False  # not a pytest class

    id: str
    phase: int
    priority: str
    title: str
    criteria: tuple[Criterion, ...]
    supporting: tuple[str, ...] = ()

    def criterion_of(self, sentence: str) -> Criterion | None:
        """The criterion that this Then sentence proves, if any."""
        return next((criterion for criterion in self.criteria if criterion.sentence == sentence), None)


@dataclass(frozen=True)
class Register:
    """All tests of the plan."""

    tests: tuple[Test, ...]

    @classmethod
    def load(cls, path: Path = REGISTER) -> Register:
        """Read the register; SetupProblem without one, KeyError or TOMLDecodeError if it has another shape."""
        if not path.exists():
            raise SetupProblem(
                f"There is no {path} in {Path.cwd()}: run this in the project's folder, or in one that "
                "`streamspace-acceptance init` wrote."
            )
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(_test(entry) for entry in document["test"]))

    def test_of(self, tags: Iterable[str]) -> Test | None:
        """The test named by a `test-<id>` tag, if one of `tags` is such."""
        ids = {tag.removeprefix(TEST_TAG) for tag in tags if tag.startswith(TEST_TAG)}
        return next((test for test in self.tests if test.id in ids), None)

    def criteria(self) -> Iterator[Criterion]:
        """Every criterion, in the plan's order."""
        for test in self.tests:
            yield from test.criteria


def _test(entry: dict[str, Any]) -> Test:
    return Test(
        id=entry["id"],
        phase=entry["phase"],
        priority=entry["priority"],
        title=entry["title"],
        criteria=tuple(_criterion(item) for item in entry["criteria"]),
        supporting=tuple(entry.get("supporting", ())),
    )


def _criterion(item: dict[str, Any]) -> Criterion:
    return Criterion(
        item["id"],
        item["text"],
        item.get("sentence"),
        item.get("limit"),
        item.get("unit"),
        tuple(item.get("words", ())),
    )
