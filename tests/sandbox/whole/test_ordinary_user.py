"""The sandbox of an ordinary user: it works as root's does, leaves nothing, and says what forbids it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from kubernetes import client, config
from kubernetes.stream import stream

from streamspace_sandbox.host.processes import Process
from tests.support.ordinary_user import OrdinaryUser, ordinary_user, through_gates
from tests.support.project import PROJECT
from tests.support.sandbox_target import TOOL

pytestmark = pytest.mark.sandbox
FORBIDDING = [sys.executable, "-m", "tests.support.without_namespaces"]


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user
        user.run(TOOL, "down", "--all")


def test_check_as_an_ordinary_user_is_fine_and_leaves_nothing(user: OrdinaryUser) -> None:
    done = user.run(TOOL, "check")
    # Bridges of other sandboxes may follow.
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "This machine can run a sandbox.")
    assert not user.state.exists()


def test_sandbox_of_an_ordinary_user_serves_this_machine(user: OrdinaryUser) -> None:
    done = user.run(TOOL, "up", "--format", "json")
    assert done.returncode == 0, done.stderr
    variables = json.loads(done.stdout)
    bearer = {"Authorization": f"Bearer {variables['STREAMSPACE_TEST_TOKEN']}"}
    agents = httpx.get(f"{variables['STREAMSPACE_API_URL']}/api/v1/agents", headers=bearer, trust_env=False)
    assert agents.status_code == 200
    assert who_runs("streamspace-redis", variables["KUBECONFIG"]) == "65534"
    assert user.run(TOOL, "down").returncode == 0
    assert not user.state.exists()


def test_killed_sandbox_of_an_ordinary_user_leaves_nothing(user: OrdinaryUser) -> None:
    assert user.run(TOOL, "up").returncode == 0
    state = json.loads((user.state / "default" / "state.json").read_text())
    Process(**state["process"]).signal(signal.SIGKILL)
    assert user.run(TOOL, "down").returncode == 0
    assert not user.state.exists()
    left = subprocess.run(["ps", "-u", str(user.uid), "-o", "stat=,args="], capture_output=True, text=True, check=False)
    assert [line for line in left.stdout.splitlines() if str(user.home) in line and line[0] != "Z"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can forbid namespaces for a test")
@pytest.mark.parametrize("command", [[TOOL, "check"], [str(PROJECT / "scripts" / "able")]])
def test_forbidden_namespaces_are_named_with_their_setting(user: OrdinaryUser, command: list[str]) -> None:
    done = subprocess.run(
        through_gates([*FORBIDDING, str(user.uid), *command]),
        cwd=PROJECT,
        env=user.environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode in (1, 2)
    [sentence] = done.stderr.splitlines()
    assert "user namespaces, which this machine forbids (user.max_user_namespaces" in sentence


def test_real_kubernetes_of_an_ordinary_user_needs_root(user: OrdinaryUser) -> None:
    done = user.run(TOOL, "up", "--kubernetes", "real")
    assert done.returncode == 1
    assert done.stderr == "A real Kubernetes and its images need root; try again with sudo.\n"


def who_runs(app: str, kubeconfig: str) -> str:
    """The user id of a command in the pod of this app."""
    core = client.CoreV1Api(config.new_client_from_config(kubeconfig))  # type: ignore[no-untyped-call]
    [pod] = core.list_namespaced_pod("streamspace", label_selector=f"app={app}").to_dict()["items"]
    call = core.connect_get_namespaced_pod_exec
    said = stream(call, pod["metadata"]["name"], "streamspace", command=["id", "-u"], stdout=True, stderr=True)
    return str(said).strip()
