"""The closing table: every criterion with its verdict and figures, and where to read more."""

from __future__ import annotations

from itertools import groupby
from textwrap import shorten

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.console import formatting
from streamspace_acceptance.reporting.console.terminal import Screen
from streamspace_acceptance.settings import SUMMARY
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict, is_answered_for
from streamspace_acceptance.verdict.ledger import VERDICT_FILE, Entry, Ledger
from streamspace_acceptance.verdict.run_record import RunRecord

_CAUSE_WIDTH = 100
_DECISIONS = {DecisionWord.GO: "bold green", DecisionWord.NO_GO: "bold red", DecisionWord.UNDECIDED: "bold yellow"}
COMMAND = "streamspace-acceptance report"


def show(screen: Screen, ledger: Ledger, record: RunRecord) -> None:
    """Print the table, the counts of the four verdicts, and where the report is."""
    entries = ledger.entries()
    screen.line()
    if entries:
        screen.line(_table(entries))
    if record.interruption:
        screen.line(Text(f"The run was {record.interruption}; what it did not reach is unproven.", "bold yellow"))
    answered = [problem for problem in record.problems if is_answered_for(problem, record)]
    if answered:
        screen.line(
            Text(f"Left behind after {len(answered)} scenarios, as a test has shown that this product does.", "dim")
        )
    screen.line(_counts(ledger.counts(), ledger.inapplicable(), len(record.problems) - len(answered)))
    screen.line(_decision(ledger.decision(run_facts.facts())))
    screen.line(Text(f"Verdicts: {VERDICT_FILE} · summary: {SUMMARY} · report: {COMMAND}", "bright_black"))


def _decision(decision: Decision) -> Text:
    word, _, why = decision.sentence.partition(":")
    return Text(word, _DECISIONS[decision.word]).append(f":{why}", "")


def _table(entries: list[Entry]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    table.add_column("criterion", no_wrap=True)
    table.add_column("")
    table.add_column("verdict", no_wrap=True)
    table.add_column("figures", overflow="fold")
    told = ""
    for test, group in groupby(entries, key=lambda entry: entry.test):
        table.add_row(Text(test.id, "bold"), Text(test.title, "bold"))
        for entry in group:
            verdict, style = formatting.verdict(entry.judgement)
            cause = _cause(entry)
            text = Text(entry.criterion.text)
            if cause and cause != told:
                text.append(f"\n{shorten(cause, _CAUSE_WIDTH, placeholder=' …')}", "bright_black")
            told = cause
            table.add_row(
                f"  {entry.criterion.id}",
                text,
                Text(verdict, style),
                Text(" · ".join(map(str, entry.figures)) or formatting.seconds(entry.seconds), "bright_black"),
            )
    return table


def _cause(entry: Entry) -> str:
    """Why it is not proven: what was seen, where the reason says so; else its first line. Told once for many."""
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
