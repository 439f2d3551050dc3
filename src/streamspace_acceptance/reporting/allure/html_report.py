"""One HTML file from the Allure results: it opens from disk and makes no network request."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import decision_page, plan_text, quality_gate
from streamspace_acceptance.reporting.allure.page_patches import criterion_addresses, patch
from streamspace_acceptance.reporting.allure.properties import title
from streamspace_acceptance.reporting.allure.results import categories
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.verdict_file import read

GENERATOR = Path("node_modules") / "allure" / "cli.js"

_GENERATOR_SECONDS = 120
HIDDEN_LABELS = ("story", "framework", "package", "parentSuite", "suite", "host", "thread", "criterion")
"""Labels for Allure's own commands: the page has these words elsewhere, and shows but the first eight labels."""


def build(folder: ReportFolder) -> Path:
    """Write the page from the Allure results and return its path.

    SetupProblem, in one sentence, when node, the generator or the results are missing.
    """
    if not any(folder.results.glob("*-result.json")):
        raise SetupProblem(f"There are no results in {folder.results}: run `behave` first.")
    if not GENERATOR.is_file():
        raise SetupProblem("The Allure generator is not installed: run `npm ci` (or `make prepare`) here first.")
    node = _node()
    with tempfile.TemporaryDirectory(prefix="streamspace-report-") as scratch:
        page = _generate(node, folder, Path(scratch))
        run = read(folder.verdicts)
        decision = decide(run)
        text = page.read_text(encoding="utf-8")
        first = decision_page.render(run, decision, plan_text.load(), criterion_addresses(text))
        folder.page.write_text(patch(text, first, quality_gate.of_run(run, decision)), encoding="utf-8")
    return folder.page


def charts(*, with_past: bool) -> list[dict[str, object]]:
    """The charts that say something of a run; those of change only once there is an earlier run."""
    chosen: list[dict[str, object]] = [
        {"type": "currentStatus", "title": "Scenarios by result"},
        {
            "type": "testResultSeverities",
            "title": "P0 (blocker) and P1 (critical)",
            "levels": ["blocker", "critical"],
            "statuses": ["passed", "failed", "broken", "skipped"],
            "includeUnset": False,
        },
        {"type": "durations", "title": "Scenarios by duration", "groupBy": "none"},
    ]
    past: list[dict[str, object]] = [
        {"type": "statusDynamics", "title": "Results of the last runs"},
        {"type": "durationDynamics", "title": "Durations of the last runs"},
    ]
    return [*chosen, *(past if with_past else [])]


def only_before(history: str, began: datetime) -> str:
    """The lines of Allure's history that are about runs before the one that began then: it may have a report already.

    Allure adds a line for each report that it makes, and so would show one run as several.
    """
    earlier = []
    for line in history.splitlines(keepends=True):
        starts = [result["start"] for result in json.loads(line)["testResults"].values()]
        if max(starts, default=0) < began.timestamp() * 1000:
            earlier.append(line)
    return "".join(earlier)


def _node() -> str:
    """The environment's own node, else the system's."""
    own = Path(sys.executable).parent / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise SetupProblem("The report needs node, which is not installed: run `make prepare`, or install nodejs.")
    return found


def _generate(node: str, folder: ReportFolder, scratch: Path) -> Path:
    run = read(folder.verdicts)
    name = title(run)
    folder.history.mkdir(parents=True, exist_ok=True)
    if folder.page_history.exists():
        files.write(folder.page_history, only_before(folder.page_history.read_text(encoding="utf-8"), run.began))
    awesome = {"singleFile": True, "reportName": name, "reportLanguage": "en", "groupBy": ["epic", "feature"]}
    awesome["defaultSortBy"] = "name,asc"  # the plan's order, whatever was run when
    awesome["charts"] = charts(with_past=folder.page_history.exists() and folder.page_history.stat().st_size > 0)
    settings = {
        "name": name,
        "output": str(scratch / "report"),
        "categories": categories(),
        "hideLabels": list(HIDDEN_LABELS),
        "historyPath": str(folder.page_history.resolve()),
        "plugins": {"awesome": {"options": awesome}},
    }
    configuration = scratch / "allurerc.json"
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [node, str(GENERATOR), "generate", str(folder.results), "--config", str(configuration)],
        capture_output=True,
        text=True,
        timeout=_GENERATOR_SECONDS,
        check=False,
    )
    page = scratch / "report" / "index.html"
    if done.returncode or not page.exists():
        errors = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(
            f"the Allure generator exited with {done.returncode}: {errors[-1] if errors else 'no message'}"
        )
    return page
