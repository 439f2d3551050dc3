"""What a run was made of: versions, target and time scale, for the ledger and every report."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import version
from pathlib import Path

from streamspace_acceptance.redaction.redactor import redact

PROPERTIES = "environment.properties"
PRODUCT_VERSION = "StreamSpace"
KUBERNETES_VERSION = "Kubernetes"
TARGET = "Target"
TIME_SCALE = "Time scale"
NODES = "Nodes"
AGENTS = "Agents"
EMBEDDED = "(embedded)"

_told: dict[str, str] = {}


def record(name: str, value: str) -> None:
    """Add a fact about the target: ("Kubernetes", "v1.32.0")."""
    _told[name] = value


def of_target() -> dict[str, str]:
    """What was told about the target so far."""
    return dict(_told)


def facts() -> dict[str, str]:
    """Everything known by now, the target's own words first."""
    return {**_told, **_of_suite()}


@functools.cache
def _of_suite() -> dict[str, str]:
    tools = {name: version(name) for name in ("behave", "allure-behave", "playwright")}
    return {
        "Suite": version("streamspace-acceptance"),
        **tools,
        "Python": platform.python_version(),
        "Machine": platform.platform(terse=True),
    }


def write_properties(results: Path) -> None:
    """Put the facts where Allure looks for them."""
    lines = [f"{name.replace(' ', '_')} = {redact(value)}" for name, value in facts().items()]
    (results / PROPERTIES).write_text("\n".join(lines) + "\n", encoding="utf-8")
