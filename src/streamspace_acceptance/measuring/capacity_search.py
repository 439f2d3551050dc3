"""The search for the largest number that holds: a rising ramp, then halving between the last good and the first bad.

It knows no sessions: the caller tries the next number and reports whether that held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.outcomes import SetupProblem

PLANNED_RAMP = (10, 20, 30, 40, 50, 60, 70, 80)
OPTION = "ramp"


def read_ramp(text: str | None) -> tuple[int, ...]:
    """The numbers of `-D ramp=10,20,40`, the plan's own without one; SetupProblem unless they rise from 1 on."""
    if text is None:
        return PLANNED_RAMP
    parts = [part.strip() for part in text.split(",")]
    numbers = tuple(int(part) for part in parts if re.fullmatch("[0-9]{1,5}", part))
    rises = all(before < after for before, after in zip((0, *numbers), numbers, strict=False))
    if len(numbers) != len(parts) or not rises:
        raise SetupProblem(
            f"-D {OPTION}={text} is not a rising list of numbers of sessions: write it like -D {OPTION}=10,20,40."
        )
    return numbers


@dataclass
class CapacitySearch:
    """`good` is the largest number that held (0: none yet), `bad` the smallest that did not (None: none yet)."""

    ramp: Sequence[int]
    good: int = 0
    bad: int | None = None
    ended: bool = False
    tried: list[tuple[int, bool]] = field(default_factory=list)
    _hint: int | None = None

    def next(self) -> int | None:
        """The number to try next; None when the search has ended."""
        if self.ended:
            return None
        if self.bad is None:
            return next((number for number in self.ramp if number > self.good), None)
        if self.bad - self.good <= 1:
            return None
        if self._hint is not None and self.good < self._hint < self.bad:
            return self._hint
        return (self.good + self.bad) // 2

    def held(self, number: int) -> None:
        """All of `number` ran. If they are as many as ran at the first failure, one more is tried next."""
        self.tried.append((number, True))
        self.good = max(self.good, number)
        self._hint = number + 1 if number == self._hint else None

    def failed(self, number: int, ran: int) -> None:
        """Not all of `number` ran, but `ran` of them did: that is the first number to try below it."""
        self.tried.append((number, False))
        self.bad = number if self.bad is None else min(self.bad, number)
        self._hint = ran if self.good < ran < number else None

    def stop(self) -> None:
        """Ends the search: halving would say nothing."""
        self.ended = True

    @property
    def exact(self) -> bool:
        """Whether the next greater number is known not to hold."""
        return self.bad is not None and self.bad - self.good == 1

    @property
    def reached_end(self) -> bool:
        """Whether every number of the ramp held."""
        return self.bad is None and bool(self.ramp) and self.good >= self.ramp[-1]
