"""Facts about a run (versions, target, time scale), for the ledger and every report."""

from __future__ import annotations

import functools
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from streamspace_acceptance.evidence import ci_build
from streamspace_acceptance.evidence.run_evidence import RunEvidence, current

PRODUCT_VERSION = "StreamSpace"
KUBERNETES_VERSION = "Kubernetes"
TARGET = "Target"
TIME_SCALE = "Time scale"
NODES = "Nodes"
AGENTS = "Agents"
RIGHTS = "Rights"
LOGIN = "Login"
CALLS = "Calls to Kubernetes"
EMBEDDED = "(embedded)"
PROFILE = "Contract profile"
DEVIATIONS = "Deviations"
ACCEPTED = "accepted"
OPTIONS = "Options"
"""The `-D` options without which the run would have gone otherwise, as they are written."""
SUITE_VERSION, SUITE_COMMIT, PLAN_VERSION = "Suite", "Suite commit", "Plan version"
UNKNOWN = "unknown"
PLAN = Path("plan") / "integration-test-plan.md"
"""The plan's text in the project's folder."""


def time_scale(facts: Mapping[str, str]) -> float:
    """By what a target multiplies the plan's seconds; 1 as long as nothing is known of it."""
    return float(facts.get(TIME_SCALE, "1"))


def record(name: str, value: str) -> None:
    """Add a fact about the target of the current run: ("Kubernetes", "v1.32.0")."""
    if (evidence := current()) is not None:
        evidence.facts[name] = value


def of_run(evidence: RunEvidence) -> dict[str, str]:
    """All facts known by now, those about the target first."""
    build = ci_build.of_environment()
    return {**evidence.facts, **({} if build is None else build.facts()), **_of_suite()}


@functools.cache
def _of_suite() -> dict[str, str]:
    tools = {name: version(name) for name in ("behave", "allure-python-commons", "playwright")}
    return {
        SUITE_VERSION: version("streamspace-acceptance"),
        SUITE_COMMIT: _commit(),
        PLAN_VERSION: _plan_version(),
        **tools,
        "Python": platform.python_version(),
        "Machine": platform.platform(terse=True),
    }


def _commit() -> str:
    """The commit of the checkout that the suite runs from, with -dirty if files differ; unknown for a wheel."""
    source = Path(__file__).parent
    git = shutil.which("git")
    if git is None or "site-packages" in source.parts:
        return UNKNOWN
    # The checkout may belong to another user than the one who runs the suite, and is read alone.
    reading = [git, "--no-optional-locks", "-c", "safe.directory=*"]
    command = [*reading, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout.strip() if done.returncode == 0 else UNKNOWN


def _plan_version() -> str:
    """The version that the plan's text gives for itself: `1.0`."""
    text = PLAN.read_text(encoding="utf-8") if PLAN.is_file() else ""
    stated = re.search(r"^\*\*Document Version\*\*: (?P<version>\S+)", text, re.MULTILINE)
    return UNKNOWN if stated is None else stated["version"]
