"""The end of a wait for several sessions, where no further one comes to run."""

from __future__ import annotations

from streamspace_acceptance.waiting import Budget, Wait


class Stall:
    """Knows since when the number of running sessions has not grown. `budget` is how long that may take."""

    def __init__(self, wait: Wait, budget: Budget) -> None:
        self._clock = wait.clock
        self._budget = budget
        self._most, self._since = 0, wait.clock.now()

    def reason(self, running: int, at: float | None = None) -> str | None:
        """Why the wait ends, if `running` sessions run now, or ran `at` a moment; None if it goes on."""
        if running > self._most:
            self._most, self._since = running, self._clock.now() if at is None else at
        waited = self._clock.now() - self._since
        return f"no further session came to run for {waited:.1f} s" if waited > self._budget.seconds else None
