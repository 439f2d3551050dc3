"""A command that is typed on a desktop, and whether its session carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import BROWSER_SECONDS, Budgets
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.domain.sessions import typed_command
from streamspace_acceptance.domain.sessions.typed_command import deafness, is_carried_out
from streamspace_acceptance.product.rfb import NoHandshake
from tests.support.samples import pod

SHELL = "7 (bash) S 1 7 7 34816 7"


class Desktop:
    """A desktop of 800 x 600 whose terminal, if it has one, is at `terminal`; it is what a viewer and a pod show."""

    subject = "session s-1"
    budgets = Budgets(1.0)

    def __init__(self, terminal: tuple[int, int] | None = (400, 300), *, program: str = SHELL, lost: int = 0) -> None:
        self.framebuffer = SimpleNamespace(width=800, height=600)
        self.terminal, self.program = terminal, program
        self.lost = lost  # so many commands have no effect at first
        self.pointer = (0, 0)
        self.typed: list[str] = []
        self.made: set[str] = set()
        self.cluster = self
        self.vnc = self

    @contextmanager
    def viewing(self) -> Iterator[Any]:
        yield self

    def click(self, x: int, y: int) -> None:
        self.pointer = (x, y)

    def type(self, text: str) -> None:
        self.typed.append(text)
        if self.pointer == self.terminal and len(self.typed) > self.lost:
            self.made.add(text.removeprefix("touch "))

    def execute(self, _pod: object, command: list[str]) -> ExecResult:
        if command[0] == "test":
            return ExecResult("", "", 0 if command[2] in self.made else 1)
        return ExecResult(f"{self.program}\n", "", 0)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_command, "TRY_SECONDS", 0.01)
    monkeypatch.setitem(BROWSER_SECONDS, "browser", 1.0)


def test_command_in_the_middle_is_carried_out() -> None:
    desktop: Any = Desktop()
    assert is_carried_out(desktop, pod()) is True
    assert desktop.typed[0].startswith("touch /tmp/typed-")
    assert deafness(desktop, pod()) is None


@pytest.mark.parametrize(("lost", "carried_out"), [(1, True), (2, False)])
def test_desktop_that_has_only_just_started_may_lose_one(lost: int, carried_out: bool) -> None:
    desktop: Any = Desktop(lost=lost)
    assert is_carried_out(desktop, pod()) is carried_out


def test_terminal_beside_the_middle_is_found() -> None:
    desktop: Any = Desktop((600, 300))
    assert is_carried_out(desktop, pod()) is False
    assert deafness(desktop, pod()) is None


def test_desktop_that_hears_nothing_is_deaf() -> None:
    desktop: Any = Desktop(None)
    assert "keys and clicks have no effect for" in str(deafness(desktop, pod()))


def test_desktop_without_a_shell_says_nothing() -> None:
    desktop: Any = Desktop(None, program="7 (firefox) S 1 7 7 0 -1")
    assert deafness(desktop, pod()) is None


def test_desktop_without_a_viewer_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise NoHandshake("no server")

    desktop: Any = Desktop()
    monkeypatch.setattr(desktop, "viewing", refuse)
    assert is_carried_out(desktop, pod()) is None
    assert deafness(desktop, pod()) is None
