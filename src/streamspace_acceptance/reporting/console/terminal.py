"""The two surfaces a run is watched on: a terminal with a live line, and plain lines for everything else."""

from __future__ import annotations

import time
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from streamspace_acceptance.reporting.console import formatting

if TYPE_CHECKING:
    from streamspace_acceptance.waiting import Wait

# A log file has no width of its own; wide enough for a sentence and its figure on one line.
PLAIN_WIDTH = 140
# Shorter waits are the ordinary course of things and would only hide the long ones.
WORTH_MENTIONING_SECONDS = 2.0
PROGRESS_SECONDS = 15.0
"""A log has a line about work that goes on each so many seconds at the most."""


class ConsoleScreen:
    """Prints lines, and on a terminal shows what is going on right now."""

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not end the run
        self.console = Console(file=stream, highlight=False, soft_wrap=False)
        self.colourful = self.console.is_terminal
        if not self.colourful:
            self.console = Console(file=stream, highlight=False, width=PLAIN_WIDTH, no_color=True)
        self._now = _Now()
        self._live: Live | None = None
        self._reported_at = time.monotonic()

    def start(self) -> None:
        """Begin to show the live line."""
        if self.colourful and self._live is None:
            self._live = Live(self._now, console=self.console, transient=True, refresh_per_second=10)
            self._live.start()

    def stop(self) -> None:
        """Take the live line away; the cursor is as it was."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def line(self, content: RenderableType = "", indent: int = 0) -> None:
        """Print one thing above the live line; on a terminal, text that is too long is folded below its beginning."""
        if content == "":
            self.console.print()
        elif self.colourful:
            self.console.print(Padding(content, (0, 0, 0, indent), expand=False))
        elif isinstance(content, Text):
            self._plain(Text(" " * indent).append_text(content).plain)
        else:
            with self.console.capture() as drawn:
                self.console.print(Padding(content, (0, 0, 0, indent), expand=False))
            self._plain(drawn.get())

    def _plain(self, text: str) -> None:
        """Print text for a log, without blanks at the ends of its lines."""
        for line in text.splitlines():
            self.console.print(Text(line.rstrip()), soft_wrap=True)

    def marked(self, mark: Text, content: Text, indent: int) -> None:
        """Print a line with its mark in front; what is folded stands below the sentence, not below the mark."""
        if not self.colourful:
            self.line(mark.copy().append(" ").append_text(content), indent)
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(mark, content)
        self.line(grid, indent)

    def doing(self, what: Text | None) -> None:
        """Say what is going on from now on; None: nothing."""
        self._now.set(what)

    def wait_started(self, wait: Wait) -> None:
        """Show the wait below what is going on."""
        self._now.waits.append(wait)

    def wait_noted(self, wait: Wait) -> None:
        """The live line reads the wait by itself; a log gets a line about long work now and then."""
        if not self.colourful and min(wait.elapsed, time.monotonic() - self._reported_at) > PROGRESS_SECONDS:
            self._reported_at = time.monotonic()
            self.line(formatting.running_wait(wait), indent=11)

    def wait_ended(self, wait: Wait) -> None:
        """Take the wait away; a long one leaves a line in a log."""
        self._now.waits.remove(wait)
        if not self.colourful and wait.elapsed > WORTH_MENTIONING_SECONDS:
            self.line(formatting.ended_wait(wait), indent=11)


class _Now:
    """The content of the live line, redrawn ten times a second."""

    def __init__(self) -> None:
        self.waits: list[Wait] = []
        self._what: Text | None = None
        self._since = time.monotonic()
        self._spinner = Spinner("dots", style="cyan")

    def set(self, what: Text | None) -> None:
        """Show `what`, counting its time from now."""
        self._what, self._since = what, time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._what is None:
            return
        passed = formatting.seconds(time.monotonic() - self._since)
        self._spinner.update(text=self._what.copy().append_text(formatting.aside(passed)))
        yield Padding(self._spinner, (0, 0, 0, 2))
        for wait in list(self.waits):
            yield Padding(_cut(formatting.running_wait(wait)), (0, 0, 0, 10))


def _cut(text: Text) -> Any:
    """One line only: a live area that changes its height makes a terminal jump."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
