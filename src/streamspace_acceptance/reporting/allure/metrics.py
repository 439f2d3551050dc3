"""The figures of a run for the Metrics page of Allure 3: a file of samples, each with its title, unit and group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from streamspace_acceptance.reporting.decision_page import PHASES
from streamspace_acceptance.verdict.verdict_file import RunResult

Json = dict[str, Any]

FILE = "run-perf.json"
_BETTER = {
    "s": "lower",
    "ms": "lower",
    "millicores": "lower",
    "MiB": "lower",
    "sessions/min": "higher",
    "frames/s": "higher",
}
"""Whether more or less of a unit is better; for others, and for figures with a range, Allure says neither."""


def samples(run: RunResult) -> list[Json]:
    """A sample for each figure that a criterion was judged by or recorded."""
    return list(_samples(run))


def _samples(run: RunResult) -> Iterator[Json]:
    began, ended = (round(at.timestamp() * 1000) for at in (run.began, run.ended or run.began))
    for test in run.tests:
        for line in test.lines:
            for number, figure in enumerate(line.figures):
                key = f"{line.id} {figure.name}"
                yield {
                    "id": str(uuid5(NAMESPACE_URL, f"{run.began} {number} {key}")),
                    "key": key,
                    "title": key,
                    "value": figure.value,
                    "unit": figure.unit,
                    "better": "neutral" if figure.allowed else _BETTER.get(figure.unit, "neutral"),
                    "group": test.id,
                    "groupTitle": f"{PHASES[test.phase]}: {test.title}",  # Allure takes a dot for a part of the key
                    "start": began,
                    "stop": ended,
                }
