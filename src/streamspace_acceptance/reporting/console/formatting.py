"""The words, colours and lines of the console; rich Text in, nothing printed here."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.markdown import limit, short
from streamspace_acceptance.verdict.judgement import Judgement, Verdict
from streamspace_acceptance.verdict.register import Criterion

if TYPE_CHECKING:
    from streamspace_acceptance.waiting import Wait

STYLES = {
    Verdict.PROVEN: "green",
    Verdict.FAILED: "bold red",
    Verdict.BROKEN: "bold magenta",
    Verdict.UNPROVEN: "yellow",
}
_WORDS = {Verdict.PROVEN: "ok", Verdict.FAILED: "FAILED", Verdict.BROKEN: "BROKEN", Verdict.UNPROVEN: "UNPROVEN"}
NOT_APPLICABLE = "does not apply"
_LABELS = ("expected:", "actual:", "timeline:", "likely:", "seen:")


def mark(judged: Judgement) -> Text:
    """The verdict as a word of fixed width: FAILED and BROKEN differ without colours too."""
    if not judged.applies:
        return Text(f"{'n/a':<8}", "bright_black")
    return Text(f"{_WORDS[judged.verdict]:<8}", STYLES[judged.verdict])


def verdict(judged: Judgement) -> tuple[str, str]:
    """The verdict in words and its style; UNPROVEN reads differently if the criterion does not apply to the target."""
    return (str(judged.verdict), STYLES[judged.verdict]) if judged.applies else (NOT_APPLICABLE, "bright_black")


def sentence(keyword: str, name: str, verdict: Verdict | None = None) -> Text:
    """A step as it is read: the keyword in grey, the sentence plain, dimmed when it was not reached."""
    text = Text().append(f"{keyword:>5} ", "bright_black")
    return text.append(name, "" if verdict is not Verdict.UNPROVEN else "dim")


def aside(text: str) -> Text:
    """Small print behind a line."""
    return Text(f"  {text}" if text else "", "bright_black")


def seconds(duration: float) -> str:
    """A duration: `0.4 s`, `12 s`; nothing below 50 ms."""
    if duration < 0.05:
        return ""
    return f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"


def figures(criterion: Criterion | None, measured: Sequence[Figure], time_scale: float) -> str:
    """The figures of a step, the first with its limit: `mean startup time 0.51 s (limit 60 s, here 6 s)`."""
    named = list(map(str, measured))
    if named and criterion is not None and (stated := limit(criterion, measured, time_scale)):
        named[0] += f" (limit {stated})"
    return " · ".join(named)


def failure(judged: Judgement) -> list[Text]:
    """The failure block: the reason's own lines; for a broken check also where it broke."""
    lines = [_labelled(line) for line in redact(judged.reason).splitlines()]
    if judged.verdict is Verdict.BROKEN and isinstance(judged.error, Exception):
        frame = next(reversed(traceback.extract_tb(judged.error.__traceback__)), None)
        if frame is not None:
            lines.append(Text(f"at {_short(frame.filename)}:{frame.lineno} in {frame.name}", "bright_black"))
    return lines


def causes(seen: tuple[str, ...]) -> list[Text]:
    """A line for each cause that the cluster reported."""
    return [_labelled(redact(f"seen:     {cause}")) for cause in seen]


def running_wait(wait: Wait) -> Text:
    """The live line of a wait: its goal, its time out of its budget, and what was seen last."""
    text = Text().append(f"waiting: {wait.goal}", "cyan")
    text.append(f"  {wait.elapsed:.1f} s of {_budget(wait)}", "bright_black")
    if wait.timeline.entries:
        text.append(f" · {redact(wait.timeline.entries[-1][1])}", "bright_black")
    return text


def ended_wait(wait: Wait) -> Text:
    """One line for a long wait."""
    seen = f" · {short(redact(wait.timeline.render()))}" if wait.timeline.entries else ""
    if wait.outcome == "held":
        return Text(f"held for {wait.elapsed:.1f} s, as required: {wait.goal}", "bright_black")
    met = "" if wait.outcome == "met" else ", not met"
    return Text(f"waited {wait.elapsed:.1f} s of {_budget(wait)}{met}: {wait.goal}{seen}", "bright_black")


def _budget(wait: Wait) -> str:
    """A budget by its name, a limit that a sentence states by the plan's figure."""
    budget = wait.budget
    return f"{budget.seconds:g} s ({budget.name} budget)" if budget.name else budget.figure


def _labelled(line: str) -> Text:
    text = Text(line)
    for label in _LABELS:
        if line.startswith(label):
            text.stylize("bold", 0, len(label))
    return text


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
