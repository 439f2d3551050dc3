"""What was found out about sessions that were asked for in the same instant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """What is wrong with them; `missing` says of which ones it could not be seen.

    `excuse`: why the users' being there at once is not to blame, where it is so: one session alone has the same
    trouble, or the cluster has no room for all of them.
    """

    subject: str
    troubles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    timeline: str = ""
    excuse: str = ""

    def describe(self) -> str:
        """Everything that is wrong or could not be seen, on one line."""
        return "; ".join([*self.troubles, *self.missing])
