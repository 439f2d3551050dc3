"""The disruptions of a scenario: reverted in reverse order at its end, each even if another revert fails."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from streamspace_acceptance import journal


class Disruption(Protocol):
    """One thing broken on purpose. `revert` removes it entirely, also when `apply` failed half-way or never ran."""

    @property
    def name(self) -> str:
        """For the report: `network of pod x cut`."""

    def record(self) -> dict[str, Any]:
        """The JSON, with its `kind`, from which a sweep reverts it after a killed run; read before `apply`."""

    def apply(self) -> None:
        """Applies it; an error when it has no effect."""

    def revert(self) -> None:
        """Reverts it; an error when it remains. A second revert does nothing."""


@runtime_checkable
class Guarded(Protocol):
    """A disruption that somebody else could revert. `check_held` raises ClusterError if that happened."""

    def check_held(self) -> None: ...


class RevertError(Exception):
    """A disruption could not be reverted: the sentence names it."""


class Disruptions:
    """Applies disruptions, each on record before it begins."""

    def __init__(self) -> None:
        self._applied: list[tuple[Disruption, journal.JournalEntry]] = []
        self._lasting: list[Disruption] = []

    def apply(self, disruption: Disruption, *, lasting: bool = False) -> None:
        """Applies a disruption; it is reverted at the end of the scenario at the latest.

        A `lasting` one is reverted when the scenario's sessions are gone: they may depend on it.
        """
        if lasting:
            self._lasting.append(disruption)
        self._applied.append((disruption, journal.record_intent("disruption", **disruption.record())))
        disruption.apply()

    def check_held(self) -> None:
        """ClusterError when somebody else has taken a disruption back."""
        for disruption, _ in self._applied:
            if isinstance(disruption, Guarded):
                disruption.check_held()

    def names(self) -> list[str]:
        """The names of the disruptions that are applied."""
        return [disruption.name for disruption, _ in self._applied]

    def revert(self, disruption: Disruption) -> None:
        """Reverts one disruption now."""
        entry = next(entry for applied, entry in self._applied if applied is disruption)
        disruption.revert()
        journal.record_revert(entry)
        self._applied.remove((disruption, entry))

    def revert_each(self, kind: type) -> None:
        """Reverts those of one kind now, the last one first: another of the kind is to begin from what was before."""
        for disruption in [applied for applied, _ in reversed(self._applied) if isinstance(applied, kind)]:
            self.revert(disruption)

    def revert_passing(self) -> None:
        """Reverts all disruptions that are not lasting, the last one first; RevertError when one remains."""
        self._revert([applied for applied in self._applied if applied[0] not in self._lasting])

    def revert_all(self) -> None:
        """Reverts all disruptions, the last one first; RevertError when one remains."""
        self._revert(list(self._applied))

    def _revert(self, wanted: list[tuple[Disruption, journal.JournalEntry]]) -> None:
        troubles = []
        for disruption, entry in reversed(wanted):
            self._applied.remove((disruption, entry))
            try:
                disruption.revert()
                journal.record_revert(entry)
            except Exception as error:  # noqa: BLE001 - the others are reverted all the same; the error is raised below
                troubles.append(f"{disruption.name}: {error}")
        if troubles:
            raise RevertError("; ".join(troubles))
