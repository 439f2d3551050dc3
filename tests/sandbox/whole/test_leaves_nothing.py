"""What an embedded StreamSpace leaves behind: nothing, however it ends."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from streamspace_sandbox.host.network_bridge import DEVICES, bridge_name, veth_name
from streamspace_sandbox.lifecycle.instance import Instance, root_locked
from tests.support.bridges import free_number, make_orphan_bridge
from tests.support.sandbox_target import sandbox_tool, traces

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]
STATE = Path("/var/lib/streamspace-sandbox")


def devices(name: str) -> set[int]:
    """The bridge of the instance that is up, and the cables on it, by the numbers that the kernel gives no other: the
    names are another sandbox's as soon as this one is gone.
    """
    state = Instance(name).read()
    assert state is not None
    cables = DEVICES.glob(veth_name(state.number, 0).removesuffix("0") + "*")
    return {int((device / "ifindex").read_text()) for device in (DEVICES / bridge_name(state.number), *cables)}


def all_devices() -> set[int]:
    return {int(line.split(":")[0]) for line in _lines("ip", "-o", "link")}


def rules() -> list[str]:
    return _lines("iptables-save") if Path("/usr/sbin/iptables-save").exists() else []


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def open_session(environment: dict[str, str]) -> None:
    """A session with its desktop Running, so that there is something to leave behind."""
    bearer = {"Authorization": f"Bearer {environment['STREAMSPACE_TEST_TOKEN']}"}
    with httpx.Client(base_url=environment["STREAMSPACE_API_URL"], headers=bearer, timeout=10) as api:
        body = {"user": "leaver", "template": "firefox-browser"}
        session = api.post("/api/v1/sessions", json=body).raise_for_status().json()["sessionId"]
        deadline = time.monotonic() + 20
        while api.get(f"/api/v1/sessions/{session}").json()["status"] != "Running":
            assert time.monotonic() < deadline, "the session never ran"
            time.sleep(0.1)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    instance = f"traces-{os.getpid()}"
    yield instance
    sandbox_tool("down", "--name", instance)


def up(name: str, *more: str) -> dict[str, str]:
    done = sandbox_tool("up", "--name", name, "--format", "json", *more)
    assert done.returncode == 0, done.stderr
    environment: dict[str, str] = json.loads(done.stdout)
    return environment


def assert_nothing_left(name: str, its_devices: set[int], rules_before: list[str]) -> None:
    assert traces(name) == {"processes": [], "mounts": [], "files": []}
    assert not its_devices & all_devices()
    assert [rule for rule in rules() if not rule.startswith("#")] == [
        rule for rule in rules_before if not rule.startswith("#")
    ]


def test_down_leaves_nothing(name: str) -> None:
    rules_before = rules()
    open_session(up(name))
    its_devices = devices(name)
    assert len(its_devices) > 1, "the bridge and its cables are not found: this test could not fail"
    assert traces(name)["processes"], "the traces of a running instance are not found: this test could not fail"
    assert traces(name)["mounts"]
    done = sandbox_tool("down", "--name", name)
    assert done.returncode == 0, done.stderr
    assert_nothing_left(name, its_devices, rules_before)


def test_down_twice_is_no_error(name: str) -> None:
    assert sandbox_tool("down", "--name", name).returncode == 0


def test_up_cleans_up_after_everything_was_killed(name: str) -> None:
    rules_before = rules()
    open_session(up(name))
    its_devices = devices(name)
    victims = [int(line.split()[0]) for line in traces(name)["processes"]]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    with root_locked():
        orphan = int((make_orphan_bridge(free_number()) / "ifindex").read_text())
    other = f"{name}-next"
    try:
        up(other)
        assert traces(name)["processes"] == []
        assert traces(name)["mounts"] == []
        assert not (STATE / name).exists()
        assert orphan not in all_devices()
    finally:
        sandbox_tool("down", "--name", other)
    assert_nothing_left(name, its_devices, rules_before)


def test_it_goes_with_its_owner(name: str) -> None:
    rules_before = rules()
    owner = subprocess.Popen(["sleep", "600"])
    try:
        up(name, "--owner-pid", str(owner.pid))
        its_devices = devices(name)
    finally:
        owner.kill()
        owner.wait()
    deadline = time.monotonic() + 30
    while any(traces(name).values()):
        assert time.monotonic() < deadline, traces(name)
        time.sleep(0.1)
    assert_nothing_left(name, its_devices, rules_before)


def test_only_loopback_and_the_bridge_are_listened_on(name: str) -> None:
    up(name)
    processes = {line.split()[0] for line in traces(name)["processes"]}
    sockets = [line for line in _lines("ss", "-Hltnp") if processes & set(re.findall(r"pid=(\d+)", line))]
    addresses = {line.split()[3].rsplit(":", 1)[0] for line in sockets}
    assert addresses, "nothing is listened on: this test could not fail"
    assert all(address.startswith(("127.", "10.231.")) for address in addresses), addresses
