"""A phase report links what each criterion's sentence attached."""

from __future__ import annotations

from copy import deepcopy

from streamspace_acceptance.reporting import phases
from streamspace_acceptance.verdict.verdict_file import of_json
from tests.support.finished_run import document


def test_phase_criterion_links_its_evidence_without_waits() -> None:
    run = document()
    run["scenarios"][0]["steps"][0]["attachments"] = [
        {"name": "waits", "file": "w-attachment.txt", "type": "text/plain"},
        {"name": "pods [now]", "file": "p-attachment.yaml", "type": "application/yaml"},
    ]
    lines = phases.render(of_json(run), 1).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("- ✅ 1.2-1 "))
    assert lines[at + 1] == r"  - evidence: [pods \[now\]](allure-results/p-attachment.yaml)"
    assert lines[at + 2].startswith("- ✅ 1.2-2 ")


def test_phase_criterion_links_the_evidence_of_each_example() -> None:
    run = document()
    example = run["scenarios"][0]
    for name, scenario in (("one", example), ("two", deepcopy(example))):
        scenario["name"] = f"A user loses {name}"
        scenario["steps"][0]["attachments"] = [{"name": "pods", "file": f"{name}-attachment.yaml", "type": "text/yaml"}]
        if scenario is not example:
            run["scenarios"].append(scenario)
    text = phases.render(of_json(run), 1)
    for name in ("one", "two"):
        assert f"  - evidence (A user loses {name}): [pods](allure-results/{name}-attachment.yaml)" in text
