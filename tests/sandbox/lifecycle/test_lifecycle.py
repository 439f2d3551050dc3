"""Instances as processes and directories, and the command's answers to bad input."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from streamspace_sandbox.host import network_bridge, processes
from streamspace_sandbox.host.kernel import mounts_below, unmount
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import removal
from streamspace_sandbox.lifecycle.instance import (
    ROOT,
    Instance,
    InstanceState,
    lock,
    root_locked,
    runroot,
)
from tests.support.bridges import CODE, OWNER, free_number, make_orphan_bridge
from tests.support.sandbox_target import TOOL, sandbox_tool, wait_until_kubernetes_answers

pytestmark = pytest.mark.slow

FREE = 200
"""No sandbox has this number, so the removal of an instance with it touches no other one."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")


@pytest.fixture
def instance() -> Iterator[Instance]:
    starting = Instance(f"lifecycle-{os.getpid()}")
    yield starting
    assert sandbox_tool("down", "--name", starting.name).returncode == 0
    assert not starting.exists


def test_process_with_reused_number_is_not_alive() -> None:
    child = subprocess.Popen(["sleep", "100"])
    process = processes.find(child.pid)
    assert process is not None
    assert process.is_alive
    assert not processes.Process(child.pid, process.started + 1).is_alive
    assert processes.Process(child.pid, process.started + 1).wait(0)
    assert not process.wait(0.05)
    process.signal(signal.SIGKILL)
    assert process.wait(5)
    # A zombie until its parent has asked for it.
    assert not process.is_alive
    child.wait()
    process.signal(signal.SIGKILL)


def test_instance_name_outside_the_root_is_refused() -> None:
    for name in ("../etc", "a/b", "", "~x", ".1", "UP", "-a", "a" * 64):
        with pytest.raises(StartError, match="is not a valid name for a sandbox"):
            Instance(name)


@needs_root
def test_state_is_read_as_it_was_written(instance: Instance) -> None:
    instance.directory.mkdir(parents=True)
    state = InstanceState(number=FREE, process=processes.current(), since="now", time_scale=0.5, token="t", api_url="u")
    instance.write(state)
    assert instance.read() == state
    assert (instance.directory / "state.json").stat().st_mode & 0o077 == 0
    (instance.directory / "state.json").write_text('{"number": 1')
    assert instance.read() is None


@needs_root
def test_state_of_a_newer_version_is_read(instance: Instance) -> None:
    instance.directory.mkdir(parents=True)
    nobody = processes.Process(2**22, 1)  # `down` ends the process of a state that it can read
    state = InstanceState(number=FREE, process=nobody, since="now", time_scale=0.5, token="t")
    instance.write(state)
    path = instance.directory / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "invented": 1}))
    assert instance.read() == state


def test_lock_on_removed_directory_is_not_held(tmp_path: Path) -> None:
    directory = tmp_path / "root"
    assert lock(directory, create=False) is None
    handle = lock(directory, create=True)
    assert handle is not None
    waiting = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from streamspace_sandbox.lifecycle.instance import lock;"
            "print(lock(Path(sys.argv[1]), create=False))",
            str(directory),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    directory.rmdir()
    os.close(handle)
    assert waiting.communicate(timeout=10)[0] == "None\n", "it holds a directory that is gone"


@needs_root
def test_sweep_removes_everything_of_a_dead_instance() -> None:
    dead = Instance(f"dead-{os.getpid()}")
    killed = subprocess.Popen(["sleep", "0"])
    killed.wait()
    with root_locked():
        # All of it in one go: else any sandbox that is started meanwhile sweeps it first.
        number = free_number()
        dead.directory.mkdir()
        dead.write(InstanceState(number, processes.Process(killed.pid, 1), "", 1, "token"))
        network_bridge.make(number, "token")
        mounted = runroot(number) / "merged"
        mounted.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", str(mounted)], check=True)
        group = next(path for path in Path("/sys/fs/cgroup").glob("*") if (path / "cgroup.procs").exists())
        cgroup = group / dead.cgroup.lstrip("/") / "libpod-x"
        cgroup.mkdir(parents=True)
        left = subprocess.Popen(["sleep", "1000"])
        (cgroup / "cgroup.procs").write_text(str(left.pid))
        assert dead.name in removal.sweep()
    assert left.wait(5) == -signal.SIGKILL
    assert not dead.exists
    assert not mounted.parent.exists()
    assert not mounts_below(mounted.parent)
    assert not cgroup.parent.exists()
    assert not (network_bridge.DEVICES / network_bridge.bridge_name(number)).exists()
    removal.remove_root()


@needs_root
def test_bridge_of_another_owner_is_not_removed() -> None:
    with root_locked():
        number = free_number()
        bridge = network_bridge.DEVICES / network_bridge.bridge_name(number)
        network_bridge.make(number, "one")
        try:
            with pytest.raises(StartError, match="another process on this machine has just created"):
                network_bridge.make(number, "two")
            network_bridge.remove(number, "two")
            assert bridge.exists()
        finally:
            network_bridge.remove(number, "one")
    assert not bridge.exists()
    removal.remove_root()


@pytest.fixture
def number() -> Iterator[int]:
    """A number whose bridge is removed afterwards. No sandbox starts meanwhile: its `up` would sweep, too."""
    with root_locked():
        free = free_number()
        try:
            yield free
        finally:
            network_bridge.remove(free, OWNER)
    removal.remove_root()


def _bridge(number: int) -> Path:
    return network_bridge.DEVICES / network_bridge.bridge_name(number)


@needs_root
def test_bridge_of_a_dead_maker_is_swept(number: int) -> None:
    bridge = make_orphan_bridge(number)
    assert bridge.name not in network_bridge.of_unknown_makers()
    device = network_bridge.veth_name(number, 99)
    subprocess.run(
        ["ip", "link", "add", device, "type", "veth", "peer", "name", network_bridge.veth_name(number, 98)], check=True
    )
    subprocess.run(["ip", "link", "set", device, "master", bridge.name], check=True)
    assert bridge.name in network_bridge.sweep()
    assert not bridge.exists()
    assert not (network_bridge.DEVICES / device).exists()


@needs_root
def test_bridge_of_a_living_maker_is_not_swept(number: int) -> None:
    network_bridge.make(number, OWNER)
    assert _bridge(number).name not in network_bridge.sweep()
    assert _bridge(number).name not in network_bridge.of_unknown_makers()
    assert _bridge(number).exists()


@needs_root
@pytest.mark.parametrize("lives", [False, True])
def test_bridge_of_another_container_is_not_swept(number: int, *, lives: bool) -> None:
    """It shares the network, and neither the files of its sandboxes nor their processes."""
    code = f"{CODE}; print(flush=True); sys.stdin.read()"
    foreign = [
        "unshare",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        sys.executable,
        "-c",
        code,
        str(number),
        OWNER,
    ]
    with subprocess.Popen(foreign, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as making:
        assert making.stdout is not None
        assert making.stdout.readline()
        if not lives:
            making.kill()
            making.wait()
        assert _bridge(number).name not in network_bridge.sweep()
        assert _bridge(number).exists()
        assert _bridge(number).name in network_bridge.of_unknown_makers()


@needs_root
def test_bridge_without_a_maker_is_told_by_check() -> None:
    """Older versions named no maker."""
    with root_locked():
        number = free_number()
        name, address = network_bridge.bridge_name(number), network_bridge.hardware_address(OWNER)
        subprocess.run(["ip", "link", "add", name, "address", address, "type", "bridge"], check=True)
    try:
        assert name not in network_bridge.sweep()
        assert name in sandbox_tool("check").stderr.splitlines()[1]
    finally:
        network_bridge.remove(number, OWNER)
    assert not _bridge(number).exists()


def test_number_is_reserved_for_one_of_two_that_know_nothing_of_each_other() -> None:
    """Each keeps its instances in a folder of its own, as two containers on one network do."""
    taken: list[int] = []
    with network_bridge.reserved_number(taken) as first, network_bridge.reserved_number(taken) as second:
        assert first != second


@needs_root
def test_claimed_subnet_is_not_free() -> None:
    starting = Instance(f"starting-{os.getpid()}")
    with root_locked():
        number = free_number()
        starting.directory.mkdir()
        try:
            starting.write(InstanceState(number, processes.current(), "", 1, ""))
            assert not (network_bridge.DEVICES / network_bridge.bridge_name(number)).exists()
            assert free_number() != number
        finally:
            removal.remove(starting)
    removal.remove_root()


@needs_root
def test_removal_keeps_files_behind_a_mount(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    gone = Instance(f"mounted-{os.getpid()}")
    target = gone.directory / "volumes" / "bound"
    target.mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(precious), str(target)], check=True)
    try:
        removal.remove(gone)
    finally:
        unmount(target)
    assert (precious / "file").exists()
    assert not gone.exists
    removal.remove_root()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["up", "--name", "A B"], "is not a valid name for a sandbox"),
        (["up", "--fault", "no-such-fault"], "There is no fault 'no-such-fault'"),
    ],
)
@needs_root
def test_bad_input_gets_one_sentence(arguments: list[str], sentence: str) -> None:
    done = sandbox_tool(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_time_scale_out_of_range_is_wrong_usage() -> None:
    for scale in ("0", "-1", "nan", "x", "2"):
        assert sandbox_tool("up", "--time-scale", scale).returncode == 2


@needs_root
def test_up_without_programs_names_their_packages(tmp_path: Path) -> None:
    script = (
        "from streamspace_sandbox.lifecycle import preflight; preflight.SYSTEM_PATH = '';"
        "from streamspace_sandbox.cli import main; main(['up', '--name', 'never'])"
    )
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}
    )
    assert time.monotonic() - begun < 10
    assert done.returncode == 1
    for package in (
        "podman",
        "runc",
        "conmon",
        "iproute2",
        "iptables",
        "tigervnc-standalone-server",
        "openbox",
        "xterm",
    ):
        assert package in done.stderr.split()


@needs_root
def test_up_with_dead_owner_is_refused(instance: Instance) -> None:
    done = sandbox_tool("up", "--name", instance.name, "--owner-pid", "4194304")
    assert done.returncode == 1
    assert "does not exist" in done.stderr
    assert not instance.exists


@needs_root
@pytest.mark.sandbox
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_up_ended_by_a_signal_leaves_nothing(instance: Instance, number: signal.Signals) -> None:
    # What a shell starts in the background ignores SIGINT, and so would its children.
    begin = ["env", "--default-signal=INT", TOOL, "up", "--name", instance.name]
    with subprocess.Popen(begin, stderr=subprocess.PIPE, text=True) as starting:
        wait_until_kubernetes_answers(starting)
        starting.send_signal(number)
        assert starting.wait(30) != 0
    deadline = time.monotonic() + 20
    while instance.exists:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_root
@pytest.mark.sandbox
def test_two_starts_of_one_name_give_one_instance(instance: Instance) -> None:
    begin = [TOOL, "up", "--name", instance.name, "--format", "json"]
    started = [subprocess.Popen(begin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
    first, second = (process.communicate(timeout=180)[0] for process in started)
    assert json.loads(first) == json.loads(second)
    state = instance.read()
    assert state is not None
    assert state.ready


@needs_root
@pytest.mark.sandbox
def test_up_skips_ports_in_use(instance: Instance) -> None:
    # The suite may run beside other instances: hold the ports that are free of those that this one tries first.
    taken = [opened for port in (6443, 6444, 8080, 8081) if (opened := listener(port))]
    ours = {opened.getsockname()[1] for opened in taken}
    try:
        done = sandbox_tool("up", "--name", instance.name, "--format", "json")
    finally:
        for opened in taken:
            opened.close()
    assert done.returncode == 0, done.stderr
    assert urlsplit(json.loads(done.stdout)["STREAMSPACE_API_URL"]).port not in ours
    status = sandbox_tool("status", "--name", instance.name)
    assert status.returncode == 0
    assert "streamspace-postgres" in status.stdout
    assert not any(f"https://127.0.0.1:{port}\n" in status.stdout for port in ours)


def listener(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None


@needs_root
def test_status_of_missing_instance_is_3() -> None:
    assert sandbox_tool("status", "--name", "nowhere").returncode == 3
    assert not (ROOT / "nowhere").exists()
