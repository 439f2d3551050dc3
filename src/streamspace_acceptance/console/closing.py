"""The closing table: every criterion with its verdict and figures, and where to read more."""

from __future__ import annotations

from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from streamspace_acceptance.console import words
from streamspace_acceptance.console.screen import Screen
from streamspace_acceptance.evidence.redaction import redact
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.ledger import VERDICT_FILE, Entry, Ledger
from streamspace_acceptance.verdict.record import RunRecord


def show(screen: Screen, ledger: Ledger, record: RunRecord) -> None:
    """Print the table, the counts of the four verdicts, and where the report is."""
    entries = ledger.entries()
    screen.line()
    if entries:
        screen.line(_table(entries))
    if record.interruption:
        screen.line(Text(f"The run was {record.interruption}; what it did not reach is unproven.", "bold yellow"))
    screen.line(_counts(ledger.counts(), len(record.problems)))
    screen.line(Text(f"Verdicts: {VERDICT_FILE} · report: streamspace-acceptance report", "bright_black"))


def _table(entries: list[Entry]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    table.add_column("criterion", no_wrap=True)
    table.add_column("")
    table.add_column("verdict", no_wrap=True)
    table.add_column("figures", overflow="fold")
    for test, group in groupby(entries, key=lambda entry: entry.test):
        table.add_row(Text(test.id, "bold"), Text(test.title, "bold"))
        for entry in group:
            verdict = entry.judgement.verdict
            table.add_row(
                f"  {entry.criterion.id}",
                _what(entry),
                Text(verdict, words.STYLES[verdict]),
                Text(" · ".join(map(str, entry.figures)) or words.seconds(entry.seconds), "bright_black"),
            )
    return table


def _what(entry: Entry) -> Text:
    """The criterion; below it, unless it is proven, the first line of the reason."""
    text = Text(entry.criterion.text)
    if entry.judgement.verdict is not Verdict.PROVEN:
        text.append(f"\n{_cause(entry)}", "bright_black")
    return text


def _cause(entry: Entry) -> str:
    """What was seen, where the reason says so; else its first line."""
    lines = redact(entry.judgement.reason).splitlines()
    return next((line for line in lines if line.startswith("actual:")), lines[0] if lines else "")


def _counts(counts: dict[Verdict, int], problems: int) -> Text:
    text = Text()
    for verdict, count in counts.items():
        style = words.STYLES[verdict] if count else "bright_black"
        text.append(f"{count} {verdict}", style).append("   ")
    if problems:
        text.append(f"{problems} outside the steps", words.STYLES[Verdict.BROKEN])
    return text
