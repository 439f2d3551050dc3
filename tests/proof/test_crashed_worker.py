"""A worker of pytest-xdist that crashes takes one test with it: the others run, and the command ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TESTS = """
import os, signal, pytest

@pytest.mark.parametrize("number", range(4))
def test_unit(number):
    pass

@pytest.mark.{mark}
@pytest.mark.parametrize("number", range(4))
def test_late(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
"""
OTHERS = """
import pytest

@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_other(number):
    pass
"""
SETTINGS = '[tool.pytest.ini_options]\nmarkers = ["quiet", "slow", "sandbox", "whole", "proof"]\n'

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mark", ["slow", "quiet"])
def test_crashed_worker_fails_one_test(tmp_path: Path, mark: str) -> None:
    """A quiet test holds the turn alone, and any other one shares it with the other workers."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.conftest"]\n')
    (tmp_path / "test_it.py").write_text(TESTS.format(mark=mark))
    (tmp_path / "test_others.py").write_text(OTHERS)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 11 passed" in done.stdout
    assert "crashed while running 'test_it.py::test_late[1]" in done.stdout
