"""Tests of one group run on one worker of pytest-xdist: they share a sandbox, or must not wait for each other."""

import subprocess
import sys
from pathlib import Path

TESTS = """
import os, pathlib, pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_worker(number):
    pathlib.Path(f"{number}.txt").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


def test_tests_of_a_group_run_on_one_worker(tmp_path: Path) -> None:
    """pytest-xdist ignores groups without a word where pytest's node ids are not as it expects them."""
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert len({(tmp_path / f"{number}.txt").read_text() for number in range(6)}) == 1
