"""Starts that do not go as planned: one sentence that says what is wrong, and nothing left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import preflight, start
from streamspace_sandbox.lifecycle.instance import Instance, instances
from tests.sandbox.whole.conftest import sandbox_tool

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]
TOOL = str(Path(sys.executable).with_name("streamspace-sandbox"))


@pytest.fixture
def instance() -> Iterator[Instance]:
    found = Instance(f"starts-{os.getpid()}")
    yield found
    assert sandbox_tool("down", "--name", found.name).returncode == 0
    assert not found.exists


def beginning(instance: Instance) -> subprocess.Popen[str]:
    """An `up` whose control plane answers already while StreamSpace is not there yet."""
    started = subprocess.Popen(
        [TOOL, "up", "--name", instance.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert started.stderr is not None
    assert "Kubernetes answers" in started.stderr.readline()
    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_start_is_ended_by_a_signal(instance: Instance, number: signal.Signals) -> None:
    started = beginning(instance)
    started.send_signal(number)
    _, said = started.communicate(timeout=30)
    assert (started.returncode, said) == (143, "Ended by a signal; nothing is left running.\n")
    assert not instance.exists


def test_a_start_is_overtaken_by_down(instance: Instance) -> None:
    started = beginning(instance)
    assert sandbox_tool("down", "--name", instance.name).returncode == 0
    _, said = started.communicate(timeout=30)
    assert started.returncode == 1
    assert "something has ended the sandbox; try `up` again" in said
    assert not instance.exists


def test_nobody_takes_what_is_printed(instance: Instance) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [TOOL, "up", "--name", instance.name], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("`streamspace-sandbox up` prints it again.")
    assert sandbox_tool("up", "--name", instance.name).stdout.startswith("export STREAMSPACE_API_URL=")


def test_only_root_reads_what_an_instance_holds(instance: Instance) -> None:
    assert sandbox_tool("up", "--name", instance.name).returncode == 0
    assert instance.directory.stat().st_mode & 0o077 == 0
    assert instance.kubeconfig.stat().st_mode & 0o077 == 0


def test_a_machine_is_checked_without_starting_anything() -> None:
    before = sorted(instance.name for instance in instances())
    done = sandbox_tool("check")
    assert (done.returncode, done.stderr) == (0, "This machine can run a sandbox.\n")
    assert sorted(instance.name for instance in instances()) == before


def test_a_machine_that_cannot_run_a_sandbox_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_ROOM", 2**40)
    with pytest.raises(StartError, match="make room there"):
        start.check()


def test_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_ROOM", 2**40)
    with pytest.raises(StartError, match=r"MiB are free for .*; make room there"):
        preflight.check_machine()


def test_the_disk_is_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "ROOT", Path("/proc/sys/streamspace-sandbox"))
    monkeypatch.setattr(os, "access", lambda path, mode: (str(path), mode) != ("/proc/sys", os.W_OK))
    with pytest.raises(StartError, match="/proc/sys cannot be written to"):
        preflight.check_machine()
