"""A kind of evidence: a function that attaches data from a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from streamspace_acceptance.evidence.attachments import attach_text
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, Unavailable, attempt

T = TypeVar("T")


class Collector(Protocol):
    """One kind of evidence of a failure. A snapshot's own things are Unavailable rather than an error."""

    def __call__(self, snapshot: ClusterSnapshot, /) -> None:
        """Attach it; an error is attached in its place."""


def attach(
    name: str,
    thing: T | Unavailable,
    as_text: Callable[[T], str] = str,
    write: Callable[[str, str], None] = attach_text,
) -> None:
    """Attach a thing as text; or why it, or the text, cannot be had."""
    write(name, str(thing) if isinstance(thing, Unavailable) else str(attempt(lambda: as_text(thing))))
