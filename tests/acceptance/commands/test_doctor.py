"""`streamspace-acceptance doctor` on targets that are not there: each check on its own, and in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamspace_acceptance.commands.doctor.advice import advice
from streamspace_acceptance.expect.environment import CHECKS
from streamspace_acceptance.verdict.register import Register
from tests.support.project import PROJECT
from tests.support.samples import KUBECONFIG
from tests.support.stand_in_tools import HANGING, put

BUSY_SECONDS = 30  # by which a busy machine may be late

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).with_name("streamspace-acceptance")


def doctor(**variables: str) -> tuple[int, str]:
    """The exit status and what is said; nothing on standard error."""
    own = ("STREAMSPACE_", "KUBECONFIG", "NAMESPACE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    done = subprocess.run(
        [str(COMMAND), "doctor"],
        cwd=PROJECT,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_it_checks_what_test_0_does_in_the_order_of_the_plan() -> None:
    (test,) = (test for test in Register.load(PROJECT / "plan/criteria.toml").tests if test.id == "0")
    assert list(CHECKS) == [criterion.id for criterion in test.criteria]


@pytest.mark.parametrize("criterion", CHECKS)
def test_there_is_advice_for_each_check_with_its_names_filled_in(criterion: str) -> None:
    lines = advice(
        criterion, namespace="ns", url="http://x", repo="/repo", api="app=the-api", agent="app=agent", port="8000"
    )
    assert lines
    assert not any("{" in line or "streamspace-" in line or "/app=" in line for line in lines)


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    tools = put(tmp_path / "bin", {"helm": "echo v4.0.1", "docker": None})
    status, said = doctor(
        STREAMSPACE_API_URL="http://127.0.0.1:9",
        STREAMSPACE_BROWSER=str(tools / "helm"),
        HOME=str(tmp_path),
        PATH=str(tools),
        NAMESPACE="mine",
    )
    assert status == 1
    assert "FAILED   0-1 " in said and "There is no kubeconfig at ~/.kube/config" in said
    assert "ok       0-2 " in said
    assert "FAILED   0-3 " in said and "v4.0.1" in said
    assert "FAILED   0-4 " in said
    assert "FAILED   0-8 " in said and "kubectl get pods -n mine -l app=streamspace-api" in said
    assert "unknown  0-11 " in said
    assert "STREAMSPACE_TEST_TOKEN is not set" in said


def test_servers_and_tools_that_are_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        port = silent.getsockname()[1]
        (tmp_path / "config").write_text(KUBECONFIG % f"http://127.0.0.1:{port}")
        tools = put(tmp_path / "bin", dict.fromkeys(("kubectl", "helm", "docker"), HANGING))
        began = time.monotonic()
        status, said = doctor(
            STREAMSPACE_API_URL=f"http://127.0.0.1:{port}",
            STREAMSPACE_TEST_TOKEN="t0ken-that-nobody-answers",
            KUBECONFIG=str(tmp_path / "config"),
            PATH=str(tools),
        )
    assert time.monotonic() - began < 60 + BUSY_SECONDS
    assert status == 1
    assert said.count("FAILED   0-") == 5, "the cluster, the tools, and the API's health"
    assert said.count("unknown  0-") == 6


@pytest.mark.parametrize("variables", [{"STREAMSPACE_API_URL": "nowhere"}, {"KUBECONFIG": "/dev/null"}])
def test_settings_that_are_none(variables: dict[str, str], tmp_path: Path) -> None:
    status, said = doctor(**{"STREAMSPACE_API_URL": "http://127.0.0.1:9", "HOME": str(tmp_path)} | variables)
    assert status == 1
    assert "Traceback" not in said


def test_doctor_without_settings_checks_this_machine_only(tmp_path: Path) -> None:
    status, said = doctor(STREAMSPACE_BROWSER=str(tmp_path / "none"))
    assert "`behave` would start an embedded StreamSpace" in said
    assert "FAILED   a browser" in said
    assert status == 1
