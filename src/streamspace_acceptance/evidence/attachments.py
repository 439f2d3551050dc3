"""Attach evidence and figures to the step or scenario that is running.

Everything textual goes through the redactor first. Outside a run (a unit test, a command) nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from streamspace_acceptance.evidence.run_evidence import Figure, KeptDistribution, current
from streamspace_acceptance.redaction.redactor import redact

if TYPE_CHECKING:
    from streamspace_acceptance.waiting import Wait

WAITS = "waits"
"""The name of the attachment with the timelines of a step's waits."""
SHORT_SECONDS = 0.05
"""A wait that was met at once tells nothing."""

WEBP, ZIP = "image/webp", "application/zip"
PNG, TEXT, YAML, CSV = "image/png", "text/plain", "application/yaml", "text/csv"
SVG = "image/svg+xml"


def attach_png(name: str, data: bytes) -> None:
    """Attach a screenshot, given as the bytes of a PNG file."""
    attach(name, data, PNG, "png")


def attach_screencast(name: str, data: bytes) -> None:
    """Attach a screencast, given as the bytes of a WebP file."""
    attach(name, data, WEBP, "webp")


def attach_zip(name: str, data: bytes) -> None:
    """Attach an archive in which every secret is masked already."""
    attach(name, data, ZIP, "zip")


def attach_text(name: str, text: str) -> None:
    """Attach plain text."""
    attach(name, text, TEXT, "txt")


def attach_csv(name: str, text: str) -> None:
    """Attach a table, given as comma-separated values."""
    attach(name, text, CSV, "csv")


def attach_svg(name: str, text: str) -> None:
    """Attach a chart, given as an SVG document."""
    attach(name, text, SVG, "svg")


def attach_yaml(name: str, text: str) -> None:
    """Attach a YAML document, given as text."""
    attach(name, text, YAML, "yaml")


def record_figure(name: str, value: float, unit: str) -> None:
    """Record what the running step measured, for the ledger: ("mean startup time", 1.93, "s")."""
    record_figures([Figure(name, value, unit)])


def record_figures(figures: Iterable[Figure]) -> None:
    """Record figures that belong to the one by which the running step is judged: its parts, for example."""
    if (evidence := current()) is not None:
        evidence.measure(figures)


def keep_distribution(distribution: KeptDistribution) -> None:
    """Keep all values behind a figure of the running step, so that those of several runs can be added up."""
    if (evidence := current()) is not None:
        evidence.keep(distribution)


class WaitTimelines:
    """A listener for `waiting.observe` that adds the timeline of every wait to those of its step when it ends."""

    def wait_started(self, wait: Wait) -> None:
        """Nothing yet: a timeline is attached whole."""

    def wait_noted(self, wait: Wait) -> None:
        """Nothing yet: a timeline is attached whole."""

    def wait_ended(self, wait: Wait) -> None:
        """Attach what was waited for, out of which budget, how it ended and what was seen meanwhile."""
        evidence = current()
        if evidence is None or (wait.outcome == "met" and wait.elapsed < SHORT_SECONDS):
            return
        timeline = "".join(f"          {line}\n" for line in wait.timeline.lines()).replace("         ", "timeline:", 1)
        text = (
            f"{wait.subject}\ngoal:     {wait.goal}\nlimit:    {_limit(wait)}\noutcome:  {_outcome(wait)}\n{timeline}\n"
        )
        evidence.extend(WAITS, redact(text).encode(), TEXT, "txt")


def _limit(wait: Wait) -> str:
    budget = wait.budget
    return f"{budget.figure}, {budget.name}" if budget.name else budget.figure


def _outcome(wait: Wait) -> str:
    if wait.outcome == "held":
        return f"held for {wait.elapsed:.1f} s, as required"
    if wait.outcome == "met":
        return f"met after {wait.elapsed:.2f} s"
    return f"{'not met' if wait.outcome == 'timed out' else 'given up'} after {wait.elapsed:.2f} s"


def attach(name: str, body: bytes | str, media_type: str, extension: str) -> None:
    """Attach text, which is redacted here, or bytes in which every secret is masked already."""
    if (evidence := current()) is not None:
        data = redact(body).encode() if isinstance(body, str) else body
        evidence.attach(redact(name), data, media_type, extension)
