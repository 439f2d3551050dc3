"""Small pieces of Markdown: no text from a product or a cluster may break the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from streamspace_acceptance.evidence.report_folder import RESULTS
from streamspace_acceptance.evidence.run_evidence import Attachment, Figure, KeptDistribution
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.register import Criterion
from streamspace_acceptance.verdict.verdict_file import CriterionResult, compact

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
    "is not a failure of the product. ◻ UNPROVEN: not shown, for the reason given."
)
_LONGEST = 240
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def icon(verdict: Verdict) -> str:
    """The sign alone."""
    return STATUS[verdict].partition(" ")[0]


def plain(text: str) -> str:
    """Text on one line, with its Markdown escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def shared_reason(lines: Sequence[CriterionResult]) -> str:
    """The reason of criteria that have the same one, as a predicate of what `compact` calls them."""
    is_one = not any(separator in compact(lines) for separator in (", ", " and "))
    return lines[0].headline if is_one else lines[0].headline.replace("does not apply", "do not apply", 1)


def short(text: str) -> str:
    """Text that does not hide the rest of a list; the scenario and the issue have it in full."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


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


def attachment(linked: Attachment, up: str = "") -> str:
    """A link to an attachment; `up` leads from the page to the folder of reports."""
    return link(linked.name, f"{up}{place(linked)}")


def place(attachment: Attachment) -> str:
    """The file of an attachment, below the folder of reports."""
    return attachment.path or f"{RESULTS}/{attachment.file}"


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


def measured(reading: Figure) -> str:
    """`mean startup time 1.93 s`: a figure with its name."""
    return f"{plain(reading.name)} {reading.amount}"


def spread(kept: KeptDistribution) -> str:
    """`p50 31.0 ms, p90 ...`: the percentiles of a distribution, or that it is damaged."""
    try:
        return histogram.decode(kept).describe(kept.unit)
    except ValueError as error:
        return plain(str(error))


def limit(line: Criterion | CriterionResult, figures: Sequence[Figure], time_scale: float) -> str:
    """The plan's limit; seconds also on the target's own clock, by which they are judged. Empty without a limit.

    A figure that may be more and less than its limit has the range that is allowed.
    """
    if line.limit is None:
        return ""
    here = f", here {line.limit * time_scale:g} s" if line.unit == "s" and time_scale != 1 else ""
    allowed = next((f", {reading.allowed} allowed" for reading in figures[:1] if reading.allowed), "")
    return f"{line.limit:g} {line.unit}{here}{allowed}"


def page(lines: Iterable[str]) -> str:
    """A whole file."""
    return "\n".join([MARK, "", *lines]).rstrip("\n") + "\n"
