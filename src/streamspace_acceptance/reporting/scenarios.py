"""The scenarios of a run, as its Allure results tell of them: what was done, for how long, and what was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamspace_acceptance.evidence.attachments import WAIT
from streamspace_acceptance.verdict.judgement import Verdict

_VERDICTS = {
    "passed": Verdict.PROVEN,
    "failed": Verdict.FAILED,
    "broken": Verdict.BROKEN,
    "skipped": Verdict.UNPROVEN,
}


@dataclass(frozen=True)
class Kept:
    """An attachment: `source` is its file's name in allure-results."""

    name: str
    source: str
    kind: str

    @property
    def picture(self) -> bool:
        """Whether it is a picture."""
        return self.kind.startswith("image/")

    @property
    def wait(self) -> bool:
        """Whether it is the timeline of a wait, of which there are many; a failed one stands in the failure itself."""
        return self.name.startswith(WAIT)


@dataclass(frozen=True)
class Step:
    """One sentence with its keyword, its verdict and its time in seconds."""

    sentence: str
    verdict: Verdict
    seconds: float


@dataclass(frozen=True)
class Scenario:
    """One scenario of a test, with the ids of the criteria that it speaks about."""

    name: str
    test: str
    criteria: tuple[str, ...]
    seconds: float
    steps: tuple[Step, ...]
    kept: tuple[Kept, ...]

    def telling_first(self) -> list[Kept]:
        """What was kept: pictures first, since they say most, and the timelines of waits last."""
        return sorted(self.kept, key=lambda one: (one.wait, not one.picture))


def read(results: Path) -> list[Scenario]:
    """The scenarios of the folder, in the order in which they ran. A file that cannot be read is passed over."""
    documents = [one for path in sorted(results.glob("*-result.json")) if (one := _json(path)) is not None]
    return [_scenario(one) for one in sorted(documents, key=lambda one: one.get("start", 0))]


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _scenario(document: dict[str, Any]) -> Scenario:
    labels = [(label["name"], label["value"]) for label in document.get("labels", ())]
    # The suite reads "1.2 Session state persistence".
    suite = next((value for name, value in labels if name == "suite"), "")
    return Scenario(
        name=document["name"],
        test=suite.partition(" ")[0],
        criteria=tuple(value for name, value in labels if name == "criterion"),
        seconds=_seconds(document),
        steps=tuple(Step(one["name"], _verdict(one), _seconds(one)) for one in document.get("steps", ())),
        kept=tuple(_kept(document)),
    )


def _kept(item: dict[str, Any]) -> Iterator[Kept]:
    """What is attached to the scenario and to its steps, the scenario's own last, as it was collected."""
    for step in item.get("steps", ()):
        yield from _kept(step)
    for one in item.get("attachments", ()):
        yield Kept(one["name"], one["source"], one.get("type", ""))


def _verdict(item: dict[str, Any]) -> Verdict:
    return _VERDICTS.get(item.get("status", ""), Verdict.UNPROVEN)


def _seconds(item: dict[str, Any]) -> float:
    return float(item.get("stop", 0) - item.get("start", 0)) / 1000
