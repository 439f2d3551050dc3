"""How long each case takes: `weights.json`, as `python -m tests.proof --record-weights` measured it."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.proof.case import Result

FILE = Path(__file__).with_name("weights.json")
UNKNOWN_SECONDS = 40.0
"""Of a case that was never measured."""


@cache
def _measured() -> dict[str, float]:
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def seconds(case_id: str) -> float:
    """The weight of the case."""
    return _measured().get(case_id, UNKNOWN_SECONDS)


def is_measured(case_id: str) -> bool:
    """Whether the case's time is recorded, which happens when it was as expected."""
    return case_id in _measured()


def record(results: Iterable[Result]) -> None:
    """Write what these results took into the file; other cases keep their weights."""
    measured = _measured() | {result.id: round(result.seconds) for result in results}
    FILE.write_text(json.dumps(dict(sorted(measured.items())), indent=1) + "\n")
