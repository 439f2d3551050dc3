"""Patches of Allure's single page: it makes no network request, and its percentage counts what is unproven."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable

from streamspace_acceptance.reporting.quality_gate import ReleaseCriterion

# Allure's own page loads an analytics script. Both of its tags go, and a policy forbids whatever a later version
# may bring: the report may load from itself alone.
_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^\"]*\"></script>\s*<script>[^<]*gtag\([^<]*</script>"
)
_PHONE = '<meta name="viewport" content="width=device-width, initial-scale=1">'
"""Without it, a phone lays the page out as on a desk and shrinks it."""
_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "form-action 'none'\">"
)
# The page carries its data as d("name","base64 of JSON").
_PIE_CHART = re.compile(
    r'(?P<before>d\("widgets/(?:[\w-]+/)?pie_chart\.json",")(?P<data>[A-Za-z0-9+/=]+)(?P<after>"\))'
)
_QUALITY_GATE = re.compile(r'(?P<before>d\("widgets/quality-gate\.json",")(?P<data>[A-Za-z0-9+/=]+)(?P<after>"\))')

_TEST_RESULT = re.compile(r'd\("data/test-results/[^"]+\.json","(?P<data>[A-Za-z0-9+/=]+)"\)')

# Its scripts stand in it as addresses with their contents.
_SCRIPT = re.compile(r"data:text/javascript;base64,(?P<data>[A-Za-z0-9+/=]+)")
_EXPLANATION = (
    b"Calculated from passed, failed, and broken tests. Skipped and unknown tests are excluded.",
    b"The share of all scenarios that passed. A scenario that could not be shown did not pass.",
)
# The cells of a description, whose table would else be cut off at the right.
_CELLS = (
    rb"border: 1px solid var(--color-border-default) !important;\n  white-space: nowrap;",
    rb"border: 1px solid var(--color-border-default) !important;\n}\n\ntd:first-child {\n  white-space: nowrap;",
)


def patch(page: str, first: str = "", gate: Iterable[ReleaseCriterion] = ()) -> str:
    """The patched page, which opens on `first` and whose tab of quality gates has those of `gate`.

    ValueError when Allure builds it otherwise than this module expects.
    """
    honest = with_wrapped_cells(with_true_explanation(with_honest_percentage(without_analytics(page))))
    return opening_on(first, with_quality_gate(for_phones(honest), gate))


def criterion_addresses(page: str) -> dict[str, str]:
    """A tag, such as the id of a criterion -> the address of its scenario within the page.

    Of several scenarios, that of one that did not pass.
    """
    results = [json.loads(base64.b64decode(match["data"])) for match in _TEST_RESULT.finditer(page)]
    found: dict[str, str] = {}
    for result in sorted(results, key=lambda result: bool(result["status"] == "passed")):
        for label in result["labels"]:
            if label["name"] == "tag":
                found.setdefault(label["value"], f"#{result['id']}")
    return found


def opening_on(first: str, page: str) -> str:
    """The page with `first` above everything else. ValueError when it has no body."""
    if "<body>" not in page:
        raise ValueError("Allure's page is not built as expected: its body was not found")
    return page.replace("<body>", f"<body>\n{first}", 1)


def without_analytics(page: str) -> str:
    """The page, which now loads nothing from anywhere. ValueError when the script is not where it used to be."""
    stripped, found = _ANALYTICS.subn("", page)
    if not found:
        raise ValueError("Allure's page is not built as expected: its analytics script was not found")
    return stripped.replace("<head>", f"<head>\n    {_POLICY}", 1)


def for_phones(page: str) -> str:
    """The page, laid out for the width of the screen that shows it."""
    return page if 'name="viewport"' in page else page.replace("<head>", f"<head>\n    {_PHONE}", 1)


def with_honest_percentage(page: str) -> str:
    """The page, with what is unproven counted: Allure leaves out what was skipped and says 100 %.

    ValueError when the figure is not where it used to be.
    """
    patched, found = _PIE_CHART.subn(_count_all, page)
    if not found:
        raise ValueError("Allure's page is not built as expected: its percentage was not found")
    return patched


def with_true_explanation(page: str) -> str:
    """The page, whose explanation of the percentage fits what it counts now.

    ValueError when the explanation is not where it used to be.
    """
    return _with_scripts(page, *_EXPLANATION, "the explanation of its percentage")


def with_wrapped_cells(page: str) -> str:
    """The page, whose descriptions show the whole width of their tables.

    ValueError when their style is not where it used to be.
    """
    return _with_scripts(page, *_CELLS, "the style of its descriptions")


def _with_scripts(page: str, before: bytes, after: bytes, what: str) -> str:
    """The page, in whose scripts `after` stands for `before`. ValueError when `what` is nowhere."""
    scripts = [match for match in _SCRIPT.finditer(page) if before in base64.b64decode(match["data"])]
    if not scripts:
        raise ValueError(f"Allure's page is not built as expected: {what} was not found")
    for match in reversed(scripts):
        script = base64.b64decode(match["data"]).replace(before, after)
        page = page[: match.start("data")] + base64.b64encode(script).decode() + page[match.end("data") :]
    return page


def with_quality_gate(page: str, gate: Iterable[ReleaseCriterion]) -> str:
    """The page, with the release criteria as its quality gate, which Allure's `generate` leaves empty.

    ValueError when the gate is not where it used to be.
    """
    rules = [
        {
            "rule": criterion.rule,
            "success": criterion.met,
            "message": criterion.message,
            "expected": "",
            "actual": "",
            "testResults": [],
        }
        for criterion in gate
    ]
    data = base64.b64encode(json.dumps({"default": rules}).encode()).decode()
    patched, found = _QUALITY_GATE.subn(rf"\g<before>{data}\g<after>", page)
    if not found:
        raise ValueError("Allure's page is not built as expected: its quality gate was not found")
    return patched


def _count_all(match: re.Match[str]) -> str:
    chart = json.loads(base64.b64decode(match["data"]))
    counts = {part["status"]: part["count"] for part in chart["slices"]}
    # Rounded down, so that 100 means all.
    chart["percentage"] = counts.get("passed", 0) * 100 // max(sum(counts.values()), 1)
    return match["before"] + base64.b64encode(json.dumps(chart).encode()).decode() + match["after"]
