"""Facts about a run (versions, target, time scale), for the ledger and every report."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import version

from streamspace_acceptance.evidence.run_evidence import RunEvidence, current

PRODUCT_VERSION = "StreamSpace"
KUBERNETES_VERSION = "Kubernetes"
TARGET = "Target"
TIME_SCALE = "Time scale"
NODES = "Nodes"
AGENTS = "Agents"
EMBEDDED = "(embedded)"
PROFILE = "Contract profile"
DEVIATIONS = "Deviations"
ACCEPTED = "accepted"


def record(name: str, value: str) -> None:
    """Add a fact about the target of the run that goes on: ("Kubernetes", "v1.32.0")."""
    if (evidence := current()) is not None:
        evidence.facts[name] = value


def of_run(evidence: RunEvidence) -> dict[str, str]:
    """All facts known by now, those about the target first."""
    return {**evidence.facts, **_of_suite()}


@functools.cache
def _of_suite() -> dict[str, str]:
    tools = {name: version(name) for name in ("behave", "allure-python-commons", "playwright")}
    return {
        "Suite": version("streamspace-acceptance"),
        **tools,
        "Python": platform.python_version(),
        "Machine": platform.platform(terse=True),
    }
