"""One HTML file from the Allure results: it opens from disk and asks nothing of the network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting.allure.page_patches import patch
from streamspace_acceptance.settings import PAGE, REPORTS
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.ledger import VERDICT_FILE
from streamspace_acceptance.verdict.verdict_file import read

RESULTS = REPORTS / "allure-results"
REPORT = REPORTS / PAGE
HISTORY = REPORTS / "history" / "history.jsonl"
GENERATOR = Path("node_modules") / "allure" / "cli.js"

_GENERATOR_SECONDS = 120
_CATEGORIES = {
    "failed": "FAILED: the product is wrong",
    "broken": "BROKEN: the suite, the cluster or the network is wrong",
    "skipped": "UNPROVEN: it could not be shown",
}


def build() -> Path:
    """Write reports/report.html from reports/allure-results and give its path.

    SetupProblem, in one sentence, when node, the generator or the results are missing.
    """
    if not any(RESULTS.glob("*-result.json")):
        raise SetupProblem(f"There are no results in {RESULTS}: run `behave` first.")
    if not GENERATOR.is_file():
        raise SetupProblem("The Allure generator is not installed: run `npm ci` (or `make prepare`) here first.")
    node = _node()
    with tempfile.TemporaryDirectory(prefix="streamspace-report-") as folder:
        page = _generate(node, Path(folder), title())
        REPORT.write_text(patch(page.read_text(encoding="utf-8")), encoding="utf-8")
    return REPORT


def title() -> str:
    """ "StreamSpace v2.0-beta.1 acceptance: NO-GO": the version that the run was against, and what it decides."""
    run = read(VERDICT_FILE)
    return f"{run.product} acceptance: {decide(run).word}"


def _node() -> str:
    """The environment's own node, else the system's."""
    own = Path(sys.executable).parent / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise SetupProblem(
            "node is not installed, and the report is made by it: run `make prepare`, or install nodejs."
        )
    return found


def _generate(node: str, folder: Path, name: str) -> Path:
    HISTORY.parent.mkdir(parents=True, exist_ok=True)
    awesome = {"singleFile": True, "reportName": name, "reportLanguage": "en", "groupBy": ["epic", "feature"]}
    settings = {
        "name": name,
        "output": str(folder / "report"),
        "categories": [{"name": name, "matchedStatuses": [status]} for status, name in _CATEGORIES.items()],
        "historyPath": str(HISTORY.resolve()),
        "plugins": {"awesome": {"options": awesome}},
    }
    configuration = folder / "allurerc.json"
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [node, str(GENERATOR), "generate", str(RESULTS), "--config", str(configuration)],
        capture_output=True,
        text=True,
        timeout=_GENERATOR_SECONDS,
        check=False,
    )
    page = folder / "report" / "index.html"
    if done.returncode or not page.exists():
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f"the Allure generator ended with {done.returncode}: {said[-1] if said else 'no word'}")
    return page
