"""Starts that fail: one sentence says what is wrong, and nothing is left."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import preflight, start
from streamspace_sandbox.lifecycle.instance import Instance, instances
from tests.support.sandbox_target import TOOL, sandbox_tool, wait_until_kubernetes_answers

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]


@pytest.fixture
def instance() -> Iterator[Instance]:
    starting = Instance(f"starts-{os.getpid()}")
    yield starting
    assert sandbox_tool("down", "--name", starting.name).returncode == 0
    assert not starting.exists


def beginning(instance: Instance) -> subprocess.Popen[str]:
    """An `up` whose control plane answers before StreamSpace is deployed."""
    started = subprocess.Popen(
        [TOOL, "up", "--name", instance.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    wait_until_kubernetes_answers(started)
    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_up_interrupted_leaves_nothing(instance: Instance, number: signal.Signals) -> None:
    started = beginning(instance)
    started.send_signal(number)
    _, output = started.communicate(timeout=180)
    assert (started.returncode, output) == (143, "Interrupted; nothing is left running.\n")
    assert not instance.exists


def test_up_during_down_says_what_to_do(instance: Instance) -> None:
    started = beginning(instance)
    assert sandbox_tool("down", "--name", instance.name).returncode == 0
    _, output = started.communicate(timeout=180)
    assert started.returncode == 1
    assert "another process stopped the sandbox; try `up` again" in output
    assert not instance.exists


def test_up_with_full_stdout_fails_but_stays_up(instance: Instance) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [TOOL, "up", "--name", instance.name], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("`streamspace-sandbox up` prints it again.")
    assert sandbox_tool("up", "--name", instance.name).stdout.startswith("export STREAMSPACE_API_URL=")


def test_instance_files_are_readable_by_root_only(instance: Instance) -> None:
    assert sandbox_tool("up", "--name", instance.name).returncode == 0
    assert instance.directory.stat().st_mode & 0o077 == 0
    assert instance.kubeconfig.stat().st_mode & 0o077 == 0


def test_check_of_good_machine_starts_nothing() -> None:
    """Other tests' sandboxes come and go meanwhile; one without a name would have the default one."""
    before = {instance.name for instance in instances()}
    done = sandbox_tool("check")
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "This machine can run a sandbox.")
    assert "default" not in {instance.name for instance in instances()} - before


def test_check_without_disk_space_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_ROOM", 2**40)
    with pytest.raises(StartError, match="free some space there"):
        start.check()


def test_preflight_without_disk_space_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_ROOM", 2**40)
    with pytest.raises(StartError, match=r"MiB are free for .*; free some space there"):
        preflight.check_machine()


def test_preflight_with_read_only_disk_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "ROOT", Path("/proc/sys/streamspace-sandbox"))
    monkeypatch.setattr(os, "access", lambda path, mode: (str(path), mode) != ("/proc/sys", os.W_OK))
    with pytest.raises(StartError, match="/proc/sys is not writable"):
        preflight.check_machine()
