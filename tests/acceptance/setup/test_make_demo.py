"""`make demo` ends on what matters: the report, or the reason why nothing ran."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import PROJECT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
REASON = "No browser was found: install Chromium."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose `behave` and reports are stand-ins; an older run has left a summary."""
    for name in ("Makefile", "scripts/able"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    add_tool(tmp_path, "scripts/prepare", "exit 0")
    add_tool(tmp_path, ".venv/bin/streamspace-acceptance", "echo Report")
    (tmp_path / "reports").mkdir()
    summary = tmp_path / "reports" / "SUMMARY.md"
    summary.touch()
    os.utime(summary, (1, 1))
    return tmp_path


def add_tool(project: Path, name: str, script: str) -> None:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def demo(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "STREAMSPACE_API_URL": "http://streamspace.test"}
    return subprocess.run(
        ["make", "demo"], cwd=project, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def test_demo_that_ran_nothing_ends_on_the_reason(project: Path) -> None:
    add_tool(project, ".venv/bin/behave", f"echo '{REASON}' >&2; exit 2")
    done = demo(project)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == REASON


@pytest.mark.parametrize("status", [0, 1, 3])
def test_demo_that_ran_writes_the_report(project: Path, status: int) -> None:
    add_tool(project, ".venv/bin/behave", f"touch reports/SUMMARY.md; exit {status}")
    done = demo(project)
    assert done.returncode == (2 if status else 0)
    assert done.stdout == "Report\n"
