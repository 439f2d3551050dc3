"""The results of one scenario's steps, by their type. It knows none of the types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from streamspace_acceptance.outcomes import Unmet, Unproven

R = TypeVar("R")


class Results:
    """The last result of each type. `reasons` says for a type why a criterion cannot be shown without one."""

    def __init__(self, reasons: Mapping[type, str] | None = None) -> None:
        self._reasons = reasons or {}
        self._last: dict[type, object] = {}
        self._failures: dict[type, Unmet] = {}

    def put(self, result: R) -> R:
        """Keeps `result` as the last one of its type, and returns it."""
        self._last[type(result)] = result
        return result

    def put_failure(self, kind: type, failure: Unmet) -> None:
        """Keeps why there is no result of that type: the first criterion that needs one has failed for it."""
        self._failures[kind] = failure

    def find(self, kind: type[R]) -> R | None:
        """The last result of that type; None when there is none."""
        return cast("R | None", self._last.get(kind))

    def __getitem__(self, kind: type[R]) -> R:
        """The last result of that type; Unproven when there is none, or once the failure to get one.

        One cause closes one criterion: those after it are not shown.
        """
        if kind in self._failures:
            raise self._failures.pop(kind)
        result = self.find(kind)
        if result is None:
            raise Unproven(self._reasons.get(kind, f"no earlier step has made a {kind.__name__}"))
        return result
