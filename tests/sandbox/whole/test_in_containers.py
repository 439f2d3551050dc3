"""The sandbox in a container: recognised without rights, and at work with them, with a volume and without."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine_container import run_in_container
from tests.support.project import PROJECT
from tests.support.sandbox_target import TOOL

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]

# Up, its control plane killed, and down again. What is left is printed, a line each.
UP_KILL_DOWN = f"""
ip link set lo up
{TOOL} up >/dev/null 2>/tmp/up || cat /tmp/up
{TOOL} status | grep -c Running
kill -9 $({TOOL} status | sed -n 's/^process *//p')
{TOOL} down 2>&1
find /sys/fs/cgroup -path '*/streamspace-sandbox/*' | head -n 3
ls /sys/class/net | grep ssbr
ps ax -o args= | grep -E '^[^ ]*(conmon|valkey|Xtigervnc)'
true
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="c-", dir="/var/tmp") as directory:
        yield Path(directory)


@pytest.mark.parametrize("command", [f"{TOOL} check", f"{PROJECT}/scripts/able"])
def test_container_without_rights_is_told_the_flags(folder: Path, command: str) -> None:
    done = run_in_container(folder, command)
    assert done.returncode in (1, 2)
    [sentence] = done.stderr.splitlines()
    assert "--privileged -v streamspace-sandbox:/var/lib/streamspace-sandbox" in sentence
    assert "STREAMSPACE_API_URL" in sentence


def test_container_with_a_given_target_needs_no_rights(folder: Path) -> None:
    done = run_in_container(folder, f"{PROJECT}/scripts/able", ["--env=STREAMSPACE_API_URL=http://streamspace.test"])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.whole
@pytest.mark.parametrize("volume", [True, False])
@pytest.mark.parametrize("cgroups", ["private", "host"])
def test_privileged_container_runs_a_sandbox_and_leaves_nothing(folder: Path, cgroups: str, *, volume: bool) -> None:
    options = ["--privileged", f"--cgroupns={cgroups}"]
    if volume:
        place = folder / "volume"
        place.mkdir()
        options.append(f"--volume={place}:/var/lib/streamspace-sandbox")
    done = run_in_container(folder, UP_KILL_DOWN, options)
    assert done.stdout.splitlines() == ["4", "default: removed"], done.stderr
