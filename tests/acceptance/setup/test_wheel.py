"""A wheel carries all that `init` writes, and what `init` writes is the plan as this checkout has it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from streamspace_acceptance.commands.init.init import NAMES, init
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict.register import REGISTER, Register
from tests.support.project import PROJECT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a new wheel was unpacked, as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], PROJECT)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(command: list[str], folder: Path, status: int = 0, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for name in NAMES for path in [folder / name, *(folder / name).rglob("*")] if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.suffix != ".pyc"}


def test_wheel_init_writes_the_files_of_the_checkout(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamspace_acceptance.cli", "init"]
    run(command, tmp_path, PYTHONPATH=str(site))
    assert files(tmp_path) == files(PROJECT)


def test_wheel_runs_the_plan_from_an_empty_folder(site: Path, tmp_path: Path) -> None:
    """As far as the target, to which nothing answers: features, steps and register are read before it."""
    run([sys.executable, "-m", "streamspace_acceptance.cli", "init"], tmp_path, PYTHONPATH=str(site))
    where = "import streamspace_acceptance as package; print(package.__file__)"
    assert run([sys.executable, "-c", where], tmp_path, PYTHONPATH=str(site)).startswith(str(site))
    nowhere = {"STREAMSPACE_API_URL": "http://127.0.0.1:1", "STREAMSPACE_TEST_TOKEN": "token"}
    output = run([sys.executable, "-m", "behave"], tmp_path, status=2, PYTHONPATH=str(site), **nowhere)
    criteria = [criterion for criterion in Register.load(PROJECT / REGISTER).criteria() if criterion.sentence]
    assert f"{len(criteria)} criteria" in output
    assert "No StreamSpace answers at STREAMSPACE_API_URL=http://127.0.0.1:1" in output


def test_init_writes_the_files_of_the_checkout(tmp_path: Path) -> None:
    assert init(tmp_path) == 0
    assert files(tmp_path) == files(PROJECT)


@pytest.mark.parametrize("name", NAMES)
def test_init_overwrites_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(SetupProblem, match=f"already contains {name}: run `init` in an empty folder"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
