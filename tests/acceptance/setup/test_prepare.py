"""`scripts/prepare` on machines that lack things: it names exactly what is missing, and stops."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import PROJECT

NEEDED = ("bash", "cat", "cut", "dirname", "basename", "mkdir", "rm", "sha256sum", "tr", "tail", "env", "id")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of what `prepare` reads, and a `bin` that holds only the tools which every machine has."""
    for name in ("scripts/prepare", "requirements.lock", "pyproject.toml", "package.json", "package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in NEEDED:
        found = shutil.which(tool)
        assert found, f"this machine has no {tool}"
        (tools / tool).symlink_to(found)
    add_tool(tmp_path, "python3", f'exec "{sys.executable}" "$@"')
    return tmp_path


def add_tool(machine: Path, name: str, script: str) -> None:
    path = machine / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def prepare(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(machine / "scripts/prepare"), *arguments],
        env={"PATH": str(machine / "bin"), "HOME": str(machine)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_apt_it_names_the_packages_and_stops(machine: Path) -> None:
    done = prepare(machine)
    assert done.returncode == 1
    assert "there is no apt on this machine" in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert {"podman", "chromium", "openbox", "xterm"} <= set(last.split())
    assert not (machine / ".venv").exists()


def test_without_root_it_says_the_command_to_run(machine: Path) -> None:
    add_tool(machine, "id", "echo 1000")
    add_tool(machine, "apt-get", "exit 99")
    done = prepare(machine)
    assert done.returncode == 1
    assert "sudo apt-get install --no-install-recommends" in done.stderr
    assert "podman" in done.stderr.splitlines()[-1]


def test_what_is_there_is_not_named(machine: Path) -> None:
    add_tool(machine, "podman", "exit 0")
    done = prepare(machine)
    assert "podman" not in done.stderr.splitlines()[-1].split()
    assert "chromium" in done.stderr.splitlines()[-1].split()


def test_an_old_python_is_refused(machine: Path) -> None:
    add_tool(machine, "python3", "exit 1")
    done = prepare(machine)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_a_failing_apt_is_told_with_its_own_words(machine: Path) -> None:
    add_tool(machine, "id", "echo 0")
    add_tool(machine, "apt-get", '[ "$1" = update ] || { echo "E: no space left"; exit 100; }')
    done = prepare(machine)
    assert done.returncode == 1
    assert "E: no space left" in done.stderr


def test_check_changes_nothing(machine: Path) -> None:
    done = prepare(machine, "--check")
    assert done.returncode == 1
    assert "missing: podman (runs the embedded StreamSpace's pods as containers)" in done.stderr
    assert not (machine / ".venv").exists()
