"""Names that Allure shows of a run as a whole: its own, its build, and environment.properties, the decision first."""

from __future__ import annotations

from collections.abc import Mapping

from streamspace_acceptance.evidence import ci_build
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.decision_page import totals
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.verdict_file import RunResult

FILE = "environment.properties"
DECISION, CRITERIA = "Decision", "Criteria"
# Java's rules, by which Allure 2 and 3 read the file: a backslash begins an escape, a space, `=` or `:` ends a name.
_IN_VALUES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f"})
_IN_NAMES = _IN_VALUES | str.maketrans({character: f"\\{character}" for character in " =:#!"})


def title(run: RunResult) -> str:
    """The name of the report: `StreamSpace v2.0-beta.1 acceptance: NO-GO`."""
    return f"{run.product} acceptance: {decide(run).word}"


def executor(run: RunResult) -> dict[str, object]:
    """executor.json: the build, or the moment, of the run. Allure 2 shows `reportName` above its totals."""
    named = {"reportName": title(run)} if run.is_over else {}
    return {"buildName": f"{run.began:%Y-%m-%d %H:%M} UTC"} | ci_build.executor(run.environment) | named


def of_run(run: RunResult) -> str:
    """The file's text. During the run there is no decision."""
    decided = {DECISION: decide(run).sentence, CRITERIA: totals(run)} if run.is_over else {}
    return render(decided | dict(run.environment))


def render(facts: Mapping[str, str]) -> str:
    """A line for each fact, masked."""
    masked = {name.translate(_IN_NAMES): redact(value).translate(_IN_VALUES) for name, value in facts.items()}
    return "".join(f"{name} = {value}\n" for name, value in masked.items())
