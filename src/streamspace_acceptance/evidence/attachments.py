"""Attach evidence to the step or scenario that is running.

Everything textual goes through the redactor first. Outside a scenario (a hook of the whole run) the
attachment belongs to the run; with no Allure listener registered (a unit test) nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import allure_commons

from streamspace_acceptance.redaction.redactor import redact

if TYPE_CHECKING:
    from streamspace_acceptance.waiting import Wait

WAIT = "wait: "
"""With this the name of a wait's timeline begins."""

WEBP, ZIP = "image/webp", "application/zip"
PNG, TEXT, JSON, YAML = "image/png", "text/plain", "application/json", "application/yaml"


def attach_png(name: str, data: bytes) -> None:
    """Attach a picture, given as the bytes of a PNG file."""
    _attach(data, name, PNG, "png")


def attach_screencast(name: str, data: bytes) -> None:
    """Attach a moving picture, given as the bytes of a WebP file."""
    _attach(data, name, WEBP, "webp")


def attach_zip(name: str, data: bytes) -> None:
    """Attach an archive in which every secret is masked already."""
    _attach(data, name, ZIP, "zip")


def attach_text(name: str, text: str) -> None:
    """Attach plain text."""
    _attach(redact(text), name, TEXT, "txt")


def attach_yaml(name: str, text: str) -> None:
    """Attach a YAML document, given as text."""
    _attach(redact(text), name, YAML, "yaml")


def attach_json(name: str, obj: Any) -> None:
    """Attach anything JSON can hold; what it cannot hold is written as its `str`."""
    text = json.dumps(obj, indent=2, ensure_ascii=False, default=str)
    _attach(redact(text), name, JSON, "json")


@dataclass(frozen=True)
class Figure:
    """A measured figure, by which the running sentence is judged."""

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3g} {self.unit}"


_figures: list[Figure] = []


def record_figure(name: str, value: float, unit: str) -> None:
    """Record what the running step measured, for the ledger: ("mean startup time", 1.93, "s")."""
    _figures.append(Figure(name, value, unit))


def record_figures(figures: Iterable[Figure]) -> None:
    """Record figures that belong to the one by which the running step is judged: what it is made of, say."""
    _figures.extend(figures)


def take_figures() -> list[Figure]:
    """The figures recorded since the last call, oldest first."""
    taken = _figures[:]
    _figures.clear()
    return taken


class WaitTimelines:
    """A listener for `waiting.observe` that attaches the timeline of every wait when it ends."""

    def wait_started(self, wait: Wait) -> None:
        """Nothing yet: a timeline is attached whole."""

    def wait_noted(self, wait: Wait) -> None:
        """Nothing yet: a timeline is attached whole."""

    def wait_ended(self, wait: Wait) -> None:
        """Attach what was waited for, out of which budget, how it ended and what was seen meanwhile."""
        attach_text(
            f"{WAIT}{wait.subject} · {wait.goal} · {wait.elapsed:.1f} s",
            f"{wait.subject}\n"
            f"waited for: {wait.goal}\n"
            f"budget:     {wait.budget.name} ({wait.budget.seconds:g} s)\n"
            f"outcome:    {wait.outcome} after {wait.elapsed:.2f} s\n"
            f"timeline:   {wait.timeline.render()}\n",
        )


def _attach(body: bytes | str, name: str, mime_type: str, extension: str) -> None:
    allure_commons.plugin_manager.hook.attach_data(
        body=body, name=redact(name), attachment_type=mime_type, extension=extension
    )
