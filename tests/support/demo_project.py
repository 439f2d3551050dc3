"""A small project in a temporary folder, run by the real `behave`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamspace_acceptance.reporting.allure.results import NOT_RUN
from tests.support.project import PROJECT

DEMO = Path(__file__).parent / "demo"
BEHAVE = (sys.executable, "-m", "behave")
LOST = "The pod behind a session is lost"
"""The first scenario."""
JUNIT_OF = {"passed": "passed", "failed": "failure", "broken": "error", "skipped": "skipped"}
"""Allure's status -> JUnit's element."""
WORST_FIRST = ("failure", "error", "skipped", "passed")


@dataclass(frozen=True)
class Run:
    """The exit status, output and files of a run of behave."""

    folder: Path
    status: int
    stdout: str
    stderr: str

    def results(self) -> list[dict[str, Any]]:
        """Every Allure result, except for those of tests that were not run."""
        files = (self.folder / "reports" / "allure-results").glob("*-result.json")
        results = [json.loads(file.read_text()) for file in files]
        return [result for result in results if not result["name"].startswith(NOT_RUN)]

    def result(self, name: str) -> dict[str, Any]:
        """The one Allure result of this name."""
        found = [result for result in self.results() if result["name"] == name]
        assert len(found) == 1, (
            f"{len(found)} results named {name!r} among {[result['name'] for result in self.results()]}"
        )
        return found[0]

    def junit(self) -> dict[str, str]:
        """Every scenario, hook and clean-up of the JUnit file -> the worst of its cases."""
        cases = Xml.parse(self.folder / "reports" / "junit.xml").iter("testcase")  # noqa: S314  # our own file
        return worst_cases(cases)

    def ledger(self) -> dict[str, Any]:
        """verdict.json."""
        document: dict[str, Any] = json.loads((self.folder / "reports" / "verdict.json").read_text())
        return document

    def verdicts(self) -> dict[str, str]:
        """criterion id -> verdict."""
        return {line["id"]: line["verdict"] for line in self.ledger()["criteria"]}

    def reason(self, criterion: str) -> str:
        """Why the criterion got its verdict."""
        return next(str(line["reason"]) for line in self.ledger()["criteria"] if line["id"] == criterion)


def worst_cases(cases: Iterable[Xml.Element]) -> dict[str, str]:
    """Of cases of a JUnit file, by scenario (else by name): passed, failure, error or skipped, the worst of them."""
    found: dict[str, set[str]] = {}
    for case in cases:
        names = [element.get("value", "") for element in case.iter("property") if element.get("name") == "scenario"]
        outcome = next((child.tag for child in case if child.tag in JUNIT_OF.values()), "passed")
        for name in names or [case.get("name", "")]:
            found.setdefault(name, set()).add(outcome)
    return {name: next(word for word in WORST_FIRST if word in outcomes) for name, outcomes in found.items()}


@dataclass(frozen=True)
class Project:
    """A copy of the demo project."""

    folder: Path

    def write(self, path: str, text: str) -> None:
        """Put a file into the project."""
        (self.folder / path).write_text(text, encoding="utf-8")

    def environment(self, demo: str = "", hook: str = "") -> dict[str, str]:
        """The environment of a run: steps behave as in `demo`, and `hook` fails."""
        state = str(self.folder / "state")  # where other runs leave nothing
        return os.environ | {"DEMO": demo, "DEMO_HOOK": hook, "COLUMNS": "120", "XDG_STATE_HOME": state}

    def behave(self, *options: str, demo: str = "", hook: str = "", start: Sequence[str] = BEHAVE) -> Run:
        """Run behave, or what `start` starts, to its end."""
        done = subprocess.run(
            [*start, *options],
            cwd=self.folder,
            env=self.environment(demo, hook) | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'src'}"},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return Run(self.folder, done.returncode, done.stdout, done.stderr)


def start_and_stop(project: Project, number: signal.Signals, demo: str = "pod=hang", hook: str = "") -> Run:
    """Start a run in which a step hangs, and send it a signal once it does."""
    process = subprocess.Popen(
        [*BEHAVE, "-D", "gate=off"], cwd=project.folder,
        env=project.environment(demo, hook) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if line == "hanging\n":
            break
    process.send_signal(number)
    rest, errors = process.communicate(timeout=20)
    return Run(project.folder, process.returncode, output + rest, errors)


def copied(parent: Path) -> Project:
    """A copy of the demo project in `parent`, with the project's own behave.ini."""
    folder = parent / "project"
    shutil.copytree(DEMO, folder)
    shutil.copy(PROJECT / "behave.ini", folder)
    return Project(folder)
