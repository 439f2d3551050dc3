"""The marks, colours and lines of the console; rich Text in, nothing printed here."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.verdict.judgement import Judgement, Verdict

if TYPE_CHECKING:
    from streamspace_acceptance.waiting import Wait

STYLES = {
    Verdict.PROVEN: "green",
    Verdict.FAILED: "bold red",
    Verdict.BROKEN: "bold magenta",
    Verdict.UNPROVEN: "yellow",
}
_MARKS = {Verdict.PROVEN: "✔", Verdict.FAILED: "✘", Verdict.BROKEN: "✖", Verdict.UNPROVEN: "○"}
_WORDS = {Verdict.PROVEN: "ok", Verdict.FAILED: "FAILED", Verdict.BROKEN: "BROKEN", Verdict.UNPROVEN: "UNPROVEN"}
NOT_APPLICABLE = "does not apply"
_LABELS = ("expected:", "actual:", "timeline:", "likely:", "seen:")


def mark(judged: Judgement, *, colourful: bool) -> Text:
    """A tick or a cross; a word of fixed width if the output is not a terminal."""
    if not judged.applies:
        return Text("·" if colourful else f"{'n/a':<8}", "bright_black")
    return Text(_MARKS[judged.verdict] if colourful else f"{_WORDS[judged.verdict]:<8}", STYLES[judged.verdict])


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
    text = Text().append(f"waiting for {wait.goal}", "cyan")
    text.append(f"  {wait.elapsed:.1f} s of {_budget(wait)}", "bright_black")
    if wait.timeline.entries:
        text.append(f" · {redact(wait.timeline.entries[-1][1])}", "bright_black")
    return text


def ended_wait(wait: Wait) -> Text:
    """One line for a long wait."""
    seen = f": {redact(wait.timeline.render())}" if wait.timeline.entries else ""
    if wait.outcome == "held":
        return Text(f"{wait.goal}: held for {wait.elapsed:.1f} s, as required", "bright_black")
    return Text(f"waited {wait.elapsed:.1f} s of {_budget(wait)} for {wait.goal}{seen}", "bright_black")


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
