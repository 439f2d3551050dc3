"""What the plan's quick reference tears down comes back: its lines need a StreamSpace of their own."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.sandbox_target import sandbox_tool

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not all(map(shutil.which, ("kubectl", "curl"))), reason="these lines need kubectl and curl"),
]
Shell = Callable[[str], str]


@pytest.fixture
def shell() -> Iterator[Shell]:
    """Runs a script with the environment that `up` prints at that moment."""
    name = f"reference-{os.getpid()}"

    def run(script: str) -> str:
        up = sandbox_tool("up", "--name", name)
        assert up.returncode == 0, up.stderr
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{up.stdout}\n{script}"],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    assert sandbox_tool("down", "--name", name).returncode == 0


def test_the_password_stands_in_the_first_log(shell: Shell) -> None:
    output = shell('kubectl logs -n streamspace -l app=streamspace-api | grep "Admin password"')
    assert output.count("Admin password: ") == 1


@pytest.mark.whole
def test_everything_is_deleted_and_comes_back(shell: Shell) -> None:
    create = """curl -sf -X POST $STREAMSPACE_API_URL/api/v1/sessions -H "Authorization: Bearer $TOKEN" \
        -H 'Content-Type: application/json' -d '{"user": "testuser", "template": "firefox-browser"}' > /dev/null
        kubectl wait --for=jsonpath='{.status.phase}'=Running session --all -n streamspace --timeout=60s"""
    shell(create)
    output = shell(
        """kubectl delete --all pods,sessions,templates -n streamspace
        kubectl wait --for=condition=ready pod --all -n streamspace --timeout=60s >&2
        until curl -sf $STREAMSPACE_API_URL/api/v1/sessions -H "Authorization: Bearer $TOKEN" | grep -q '"total":0'
        do sleep 0.2; done
        kubectl get sessions -n streamspace -o name"""
    )
    assert output.count("deleted") == 5 + 1 + 1
    assert "session.stream.space/" not in output
    shell(create)
    shell("kubectl delete namespace streamspace")
    output = shell("kubectl get pods,sessions -n streamspace --no-headers; echo $STREAMSPACE_API_URL")
    assert output.count(" 1/1 ") == 4
    assert httpx.get(f"{output.split()[-1]}/health").json() == {"status": "ok"}
    shell(create)
