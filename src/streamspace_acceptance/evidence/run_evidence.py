"""Attachments, figures and facts of one run, by the step or scenario that they belong to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.evidence import files


@dataclass(frozen=True)
class Figure:
    """A measured figure, by which the running sentence is judged.

    `allowed` is the range that it may have, such as "5.6 to 7.4 s", where that is not its limit alone.
    """

    name: str
    value: float
    unit: str
    allowed: str = ""

    @property
    def amount(self) -> str:
        """`1.93 s`: the value to three digits, without an exponent, and its unit."""
        value = f"{self.value:.3g}" if abs(self.value) < 1000 else f"{self.value:.0f}"
        return f"{value} {self.unit}"

    def __str__(self) -> str:
        return f"{self.name} {self.amount}"


@dataclass(frozen=True)
class KeptDistribution:
    """All values of a kind that a sentence measured, in `unit`: `hdr` is a compressed HdrHistogram in base64."""

    name: str
    unit: str
    hdr: str


@dataclass(frozen=True)
class Attachment:
    """`file` is the name of its file in the run's folder of attachments, `type` its media type.

    `path` is the file's telling name, below the folder of reports, once it has one.
    """

    name: str
    file: str
    type: str
    path: str = ""


class RunEvidence:
    """Keeps attachments in `folder`. `owner` is behave's step or scenario that runs; None: the run itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.owner: Any = None
        self.facts: dict[str, str] = {}
        self._attachments: dict[int, list[Attachment]] = {}
        self._figures: dict[int, list[Figure]] = {}
        self._distributions: dict[int, list[KeptDistribution]] = {}
        self._deviations: dict[int, dict[Deviation, None]] = {}
        self._extended: dict[tuple[int, str], tuple[Attachment, bytearray]] = {}
        self._turn = threading.RLock()

    def attach(self, name: str, data: bytes, media_type: str, extension: str) -> None:
        """Keep `data`, in which every secret is masked already, for the owner. From any thread."""
        attachment = Attachment(name, f"{uuid4()}-attachment.{extension}", media_type)
        with self._turn:
            files.put(self._folder / attachment.file, data)
            self._attachments.setdefault(id(self.owner), []).append(attachment)

    def extend(self, name: str, data: bytes, media_type: str, extension: str) -> None:
        """Add `data`, in which every secret is masked already, to the owner's one attachment of that name."""
        with self._turn:
            key = id(self.owner), name
            if key not in self._extended:
                self.attach(name, b"", media_type, extension)
                self._extended[key] = (self._attachments[key[0]][-1], bytearray())
            attachment, contents = self._extended[key]
            contents += data
            files.put(self._folder / attachment.file, bytes(contents))

    def measure(self, figures: Iterable[Figure]) -> None:
        """Keep figures for the owner."""
        self._figures.setdefault(id(self.owner), []).extend(figures)

    def keep(self, distribution: KeptDistribution) -> None:
        """Keep a distribution for the owner."""
        self._distributions.setdefault(id(self.owner), []).append(distribution)

    def deviate(self, deviation: Deviation) -> None:
        """Keep that the owner met a difference between the contract profile and the plan. From any thread."""
        with self._turn:
            self._deviations.setdefault(id(self.owner), {})[deviation] = None

    def deviations_of(self, owner: Any) -> tuple[Deviation, ...]:
        """The differences that a step or a scenario met."""
        with self._turn:
            return tuple(self._deviations.get(id(owner), ()))

    def deviations(self) -> tuple[Deviation, ...]:
        """All differences that the run met, by their places in the profile."""
        with self._turn:
            return tuple(sorted({deviation for met in self._deviations.values() for deviation in met}))

    def attachments_of(self, owner: Any) -> tuple[Attachment, ...]:
        """The attachments of a step, of a scenario or (None) of the run, oldest first."""
        return tuple(self._attachments.get(id(owner), ()))

    def figures_of(self, owner: Any) -> tuple[Figure, ...]:
        """The figures that a step measured, oldest first."""
        return tuple(self._figures.get(id(owner), ()))

    def distributions_of(self, owner: Any) -> tuple[KeptDistribution, ...]:
        """The distributions that a step measured, oldest first."""
        return tuple(self._distributions.get(id(owner), ()))


# One for the process: clients attach from any thread, and behave hands its context to steps and hooks alone.
_current: RunEvidence | None = None


@contextmanager
def collected(evidence: RunEvidence) -> Iterator[None]:
    """Within this context all that is attached, measured and learnt goes into `evidence`."""
    global _current  # noqa: PLW0603 - see above
    _current = evidence
    try:
        yield
    finally:
        _current = None


def current() -> RunEvidence | None:
    """The evidence of the current run; None outside a run."""
    return _current
