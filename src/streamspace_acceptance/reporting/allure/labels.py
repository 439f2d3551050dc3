"""What Allure shows about a scenario beside its steps: who it is, and where it belongs in the plan."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from allure_commons.model2 import Label, TestResult
from allure_commons.types import LabelType, Severity

from streamspace_acceptance.verdict.register import Register, Test

PHASES = (
    "Phase 0 · Environment",
    "Phase 1 · Sessions",
    "Phase 2 · Templates",
    "Phase 3 · Agents",
    "Phase 4 · Performance",
)
_SEVERITIES = {"p0": Severity.BLOCKER, "p1": Severity.CRITICAL}


def identify(result: TestResult, scenario: Any) -> None:
    """Give `result` a full name and a history of its own.

    allure-behave derives both from titles alone, so that scenarios of the same title in different files
    take each other for retries. The file is part of the name here, and so is the count of equal titles in a file.
    """
    namesakes = [one for one in scenario.feature.walk_scenarios() if one.name == scenario.name]
    ordinal = next(index for index, one in enumerate(namesakes) if one is scenario)
    place = f"{_relative(scenario.filename)}: {scenario.name}" + (f" ({ordinal + 1})" if ordinal else "")
    result.fullName = place
    result.testCaseId = _digest(place)
    cells = [f"{parameter.name}={parameter.value}" for parameter in result.parameters or []]
    result.historyId = _digest(place, *cells)
    result.titlePath = [*Path(_relative(scenario.filename)).parent.parts, scenario.feature.name]


def label(result: TestResult, scenario: Any, plan: Register) -> None:
    """Sort `result` into the plan: severity, epic (phase), feature (test), story, suites and criteria."""
    tags = set(scenario.effective_tags)
    severity = next((level for tag, level in _SEVERITIES.items() if tag in tags), Severity.NORMAL)
    labels = {
        LabelType.SEVERITY: severity.value,
        LabelType.STORY: scenario.name,
        LabelType.FEATURE: scenario.feature.name,
    }
    criteria: list[str] = []
    test = plan.test_of(tags)
    if test is not None:
        phase = PHASES[test.phase]
        title = f"{test.id} {test.title}"
        labels |= {LabelType.EPIC: phase, LabelType.FEATURE: title}
        labels |= {LabelType.PARENT_SUITE: phase, LabelType.SUITE: title}
        criteria = criteria_of(scenario, test)
    kept = [one for one in result.labels if one.name not in labels]
    result.labels[:] = [
        *kept,
        *(Label(name=name, value=value) for name, value in labels.items()),
        *(Label(name="criterion", value=criterion) for criterion in criteria),
    ]


def criteria_of(scenario: Any, test: Test) -> list[str]:
    """The ids of the criteria that `scenario` speaks about, in its order."""
    found = (test.criterion_of(step.name) for step in scenario.all_steps if step.step_type == "then")
    return [criterion.id for criterion in found if criterion is not None]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _relative(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
