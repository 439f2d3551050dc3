"""The demo project for each test that wants it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.demo_project import DEMO, Project
from tests.support.project import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The demo project, with the project's own behave.ini."""
    folder = tmp_path / "project"
    shutil.copytree(DEMO, folder)
    shutil.copy(PROJECT / "behave.ini", folder)
    return Project(folder)
