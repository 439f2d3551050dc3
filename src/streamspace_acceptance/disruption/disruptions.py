"""The disruptions of a scenario: undone in reverse order when it is over, each whatever became of the others."""

from __future__ import annotations

from typing import Any, Protocol

from streamspace_acceptance import journal


class Disruption(Protocol):
    """One thing broken on purpose. `undo` leaves nothing of it, also when `apply` failed half-way or never ran."""

    @property
    def name(self) -> str:
        """For the report: `network of pod x cut`."""

    def record(self) -> dict[str, Any]:
        """What undoes it after a killed run, as JSON with its `kind`; asked for before `apply`."""

    def apply(self) -> None:
        """Breaks it; an error when it is not broken then."""

    def revert(self) -> None:
        """Mends it; an error when it is not mended then. A second undo does nothing."""


class RevertError(Exception):
    """Something that the suite broke could not be mended: the sentence names it."""


class Disruptions:
    """Applies disruptions, each on record before it begins."""

    def __init__(self) -> None:
        self._applied: list[tuple[Disruption, journal.Entry]] = []

    def apply(self, disruption: Disruption) -> None:
        """Breaks something; it is mended when the scenario is over at the latest."""
        self._applied.append((disruption, journal.record_intent("disruption", **disruption.record())))
        disruption.apply()

    def names(self) -> list[str]:
        """What is broken at the moment."""
        return [disruption.name for disruption, _ in self._applied]

    def revert(self, disruption: Disruption) -> None:
        """Mends one thing now."""
        entry = next(entry for applied, entry in self._applied if applied is disruption)
        disruption.revert()
        journal.record_revert(entry)
        self._applied.remove((disruption, entry))

    def revert_all(self) -> None:
        """Mends what is still broken, the last one first; NotUndone when something stays broken."""
        troubles = []
        while self._applied:
            disruption, entry = self._applied.pop()
            try:
                disruption.revert()
                journal.record_revert(entry)
            except Exception as error:  # noqa: BLE001 - the others are mended all the same; this one is told below
                troubles.append(f"{disruption.name}: {error}")
        if troubles:
            raise RevertError("; ".join(troubles))
