"""How long a precondition waits for a session or its VNC server: less, once others were awaited in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget

IN_VAIN = 3
"""So many sessions in a row have not reached Running before less is waited for the next one."""
SHARE = 1 / 3
"""The part of the budget that is waited then. It is too little for a verdict, so what follows is UNPROVEN."""


def shortened(budget: Budget) -> Budget:
    """The part of a budget that is waited for something that others were awaited for in vain."""
    return Budget(budget.name, budget.plan_seconds * SHARE, budget.scale)


class StartPatience:
    """The patience of one run with sessions that a scenario needs before it can begin.

    A product that starts no session any more would keep a run of forty scenarios for hours. Each scenario is still
    tried, and one session that starts restores the patience. Criteria about starts have their own waits.
    """

    def __init__(self) -> None:
        self._in_vain: list[str] = []

    @contextmanager
    def awaiting(self, budget: Budget) -> Iterator[Budget]:
        """The budget to wait for a session. A failure within less than `budget` is Unproven."""
        is_short = len(self._in_vain) >= IN_VAIN
        try:
            yield shortened(budget) if is_short else budget
        except Unmet as unmet:
            if is_short:
                raise Unproven(self._reason(budget, unmet)) from unmet
            self._in_vain.append(f"{unmet.subject}: {unmet.actual}")
            raise
        self._in_vain.clear()

    def _reason(self, budget: Budget, unmet: Unmet) -> str:
        return (
            f"no session starts: {len(self._in_vain)} in a row failed within {budget} (the first: {self._in_vain[0]}), "
            f"so this one was given {shortened(budget).seconds:g} s alone: {unmet.actual}"
        )


class DesktopPatience:
    """The patience of one run with VNC servers that are to answer before their pod is lost.

    One that was silent for the whole budget, though its pod is Ready, is enough: the next one is given a part of it,
    until one answers.
    """

    def __init__(self) -> None:
        self._is_short = False

    def allow(self, budget: Budget) -> Budget:
        """The budget for the next VNC server."""
        return shortened(budget) if self._is_short else budget

    def note(self, *, answered: bool) -> None:
        """Whether that one has answered."""
        self._is_short = not answered
