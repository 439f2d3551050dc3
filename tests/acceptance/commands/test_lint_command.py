"""`streamspace-acceptance lint` as it is typed."""

from __future__ import annotations

import subprocess
import sys

from tests.support.demo_project import Project
from tests.support.project import PROJECT


def lint(folder: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streamspace_acceptance.cli", "lint"],
        cwd=str(folder),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_this_checkout_is_clean() -> None:
    done = lint(PROJECT)
    assert done.stderr == ""
    assert done.returncode == 0


def test_lint_finds_undefined_and_unused_sentences(project: Project) -> None:
    feature = (project.folder / "features/1.2.feature").read_text()
    project.write("features/1.2.feature", feature.replace("Given a running session", "Given a session that runs"))
    done = lint(project.folder)
    assert done.returncode == 1
    assert "features/1.2.feature:7: no step definition matches “Given a session that runs”" in done.stderr
    assert "no feature says “a running session”" in done.stderr
