"""Small pieces of Markdown: whatever a product or a cluster says must not break the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from streamspace_acceptance.evidence.attachments import Figure
from streamspace_acceptance.reporting.scenarios import Kept
from streamspace_acceptance.verdict.judgement import Verdict

# The first line of every file that a run writes and that the next one removes.
MARK = "<!-- written by streamspace-acceptance; the next run replaces it -->"

STATUS = {
    Verdict.PROVEN: "✅ PASS",
    Verdict.FAILED: "❌ FAIL",
    Verdict.BROKEN: "⚠️ BROKEN",
    Verdict.UNPROVEN: "◻ UNPROVEN",
}
LEGEND = (
    "✅ PASS: proven. ❌ FAIL: the product is wrong. ⚠️ BROKEN: the suite, the cluster or the network is wrong, so this "
    "says nothing about the product. ◻ UNPROVEN: it was not shown, for the reason given."
)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def icon(verdict: Verdict) -> str:
    """The sign alone."""
    return STATUS[verdict].partition(" ")[0]


def plain(text: str) -> str:
    """Text that stands in a line as it is, with nothing in it taken for Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def fenced(text: str) -> list[str]:
    """Text in a block, as it is; the fence is longer than any within."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text.rstrip("\n"), fence]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table whose cells are Markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def link(text: str, target: str) -> str:
    """A link to a file beside or below the page."""
    return f"[{plain(text)}]({quote(target)})"


def kept(one: Kept, up: str = "") -> str:
    """A link to an attachment; `up` leads from the page to the folder of reports."""
    return link(one.name, f"{up}allure-results/{one.source}")


def seconds(duration: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`."""
    if duration < 10:
        return f"{duration:.1f} s"
    whole = round(duration)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def figure(one: Figure) -> str:
    """`1.93 s`: a figure without its name, to three digits, without an exponent."""
    value = f"{one.value:.3g}" if abs(one.value) < 1000 else f"{one.value:.0f}"
    return f"{value} {one.unit}"


def page(lines: Iterable[str]) -> str:
    """A whole file."""
    return "\n".join([MARK, "", *lines]).rstrip("\n") + "\n"
