"""The closing table: the criteria that are not proven, with their figures, and where to read more."""

from __future__ import annotations

from itertools import groupby
from textwrap import shorten

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.console import formatting
from streamspace_acceptance.reporting.console.terminal import ConsoleScreen
from streamspace_acceptance.verdict import run_document
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict, is_answered_for
from streamspace_acceptance.verdict.ledger import Ledger, LedgerEntry

_CAUSE_WIDTH = 100
_DECISIONS = {DecisionWord.GO: "bold green", DecisionWord.NO_GO: "bold red", DecisionWord.UNDECIDED: "bold yellow"}
COMMAND = "streamspace-acceptance report"


def show(screen: ConsoleScreen, ledger: Ledger, folder: ReportFolder, *, everything: bool) -> None:
    """Print the table, with what is proven only for `everything`; the counts of the verdicts; where the report is."""
    record = ledger.record
    entries = [entry for entry in ledger.entries() if everything or entry.judgement.verdict is not Verdict.PROVEN]
    screen.line()
    if entries:
        screen.line(_table(entries, run_facts.time_scale(record.evidence.facts)))
    if record.interruption:
        screen.line(Text(f"The run was {record.interruption}; what it did not reach is unproven.", "bold yellow"))
    answered = [problem for problem in record.problems if is_answered_for(problem, record)]
    if answered:
        screen.line(
            Text(f"{len(answered)} scenarios left something behind, a failure that a criterion has reported.", "dim")
        )
    screen.line(_counts(ledger.counts(), ledger.inapplicable(), len(record.problems) - len(answered)))
    screen.line(_decision(run_document.decision(ledger)))
    screen.line(Text(f"Verdicts: {folder.verdicts} · summary: {folder.summary} · report: {COMMAND}", "bright_black"))


def _decision(decision: Decision) -> Text:
    word, _, why = decision.sentence.partition(":")
    return Text(word, _DECISIONS[decision.word]).append(f":{why}", "")


def _table(entries: list[LedgerEntry], time_scale: float) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    table.add_column("criterion", no_wrap=True)
    table.add_column("")
    table.add_column("verdict", no_wrap=True)
    table.add_column("figures", overflow="fold")
    shown = ""
    for test, group in groupby(entries, key=lambda entry: entry.test):
        table.add_row(Text(test.id, "bold"), Text(test.title, "bold"))
        for entry in group:
            verdict, style = formatting.verdict(entry.judgement)
            cause = _cause(entry)
            text = Text(entry.criterion.text)
            if cause and cause != shown:
                text.append(f"\n{shorten(cause, _CAUSE_WIDTH, placeholder=' …')}", "bright_black")
            shown = cause
            table.add_row(
                f"  {entry.criterion.id}",
                text,
                Text(verdict, style),
                Text(formatting.figures(entry.criterion, entry.figures, time_scale) or _took(entry), "bright_black"),
            )
    return table


def _took(entry: LedgerEntry) -> str:
    """Without a figure, the time of the step: `took 0.4 s`."""
    seconds = formatting.seconds(entry.seconds)
    return f"took {seconds}" if seconds else ""


def _cause(entry: LedgerEntry) -> str:
    """Why it is not proven: what was seen, if the reason has it, else its first line. Shown once for many."""
    lines = redact(entry.judgement.reason).splitlines()
    return next((line for line in lines if line.startswith("actual:")), lines[0] if lines else "")


def _counts(counts: dict[Verdict, int], inapplicable: int, problems: int) -> Text:
    text = Text()
    for verdict, count in counts.items():
        style = formatting.STYLES[verdict] if count else "bright_black"
        text.append(f"{count} {verdict}", style).append("   ")
    if inapplicable:
        text.append(
            f"({inapplicable} of these {'does' if inapplicable == 1 else 'do'} not apply to this target)   ",
            "bright_black",
        )
    if problems:
        text.append(f"{problems} outside the steps", formatting.STYLES[Verdict.BROKEN])
    return text
