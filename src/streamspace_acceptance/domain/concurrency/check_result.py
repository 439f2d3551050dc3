"""The result of a check of sessions that were requested at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CheckResult:
    """The troubles with the sessions; `missing` says for which sessions the check could not be made.

    `excuse` says why concurrency is not to blame: a single session has the same trouble, or the cluster has no room
    for all of them. `shown` is the evidence, by name.
    """

    subject: str
    troubles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    timeline: str = ""
    excuse: str = ""
    shown: Mapping[str, object] = field(default_factory=dict)

    def describe(self) -> str:
        """All troubles, and all that could not be checked, on one line."""
        return "; ".join([*self.troubles, *self.missing])
