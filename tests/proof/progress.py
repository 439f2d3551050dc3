"""What the proof prints while it runs: one line per case."""

import sys
import time
from collections.abc import Collection, Iterable

from tests.proof.case import Case, Result


class Progress:
    """Counts what is done and what is red, and estimates what remains by the weights."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._weights = {case.id: case.seconds for case in cases}
        self._of = len(self._weights)
        self._left = sum(self._weights.values())
        self._whole = self._left
        self._done = 0
        self._red = 0
        self._began = time.monotonic()

    def start(self, kept: Collection[Result]) -> None:
        """Print how much there is to do, beside the results that an earlier proof left."""
        self._red = sum(not result.is_as_expected for result in kept)
        left = f"{len(kept)} results kept from an earlier proof, {self._red} of them red"
        _print(f"{self._of} cases to run, {self._whole:.0f} s of weight; {left}")

    def tell(self, result: Result) -> None:
        """Print the line of a case that has been run."""
        self._done += 1
        self._red += not result.is_as_expected
        self._left -= self._weights[result.id]
        counts = f"{self._done}/{self._of}  red {self._red}  remaining {_clock(self._remaining())}"
        _print(f"{counts}  {'ok ' if result.is_as_expected else 'RED'} {result.id} ({result.seconds:.0f} s)")
        for problem in result.outcome.problems:
            _print(f"    {problem}")

    def _remaining(self) -> float:
        done = self._whole - self._left
        return (time.monotonic() - self._began) * self._left / done if done else self._left


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
