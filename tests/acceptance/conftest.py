"""The demo project for each test that wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo_project import Project, copied


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The demo project, with the project's own behave.ini."""
    return copied(tmp_path)
