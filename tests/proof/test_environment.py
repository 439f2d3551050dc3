"""Test 0 on a StreamSpace that does not say that it is the embedded one, with stand-ins for the tools on PATH."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client, config

from tests.proof.running import Run, embedded, run_suite
from tests.sampling import sample
from tests.support.project import PROJECT
from tests.support.stand_in_tools import CASES, put

pytestmark = [pytest.mark.proof, pytest.mark.sandbox, pytest.mark.timeout(300)]

CONFIG_MAP = "streamspace-config"
WHOLE = {f"0-{number}" for number in range(1, 12)}
# The other cases differ from these in what a tool prints, which tests/suite/test_environment.py covers in no time.
CHOSEN = (
    "all good",
    "old helm",
    "helm 4.0.1",
    "no docker",
    "docker without an engine",
    "hanging kubectl",
    "no kubectl",
)


@pytest.fixture(scope="module")
def deployed() -> Iterator[dict[str, str]]:
    """A sandbox that does not say how it was deployed, so that all of the plan applies to it."""
    with embedded(f"proof-{os.getpid()}-environment") as target:
        api = config.new_client_from_config(target["KUBECONFIG"])  # type: ignore[no-untyped-call]
        body = {"data": {"deployment": None}}
        client.CoreV1Api(api).patch_namespaced_config_map(CONFIG_MAP, target["NAMESPACE"], body)
        yield target


def surroundings(target: dict[str, str], tools: Path) -> dict[str, str]:
    """The target's variables, and a PATH with nothing on it but the stand-ins."""
    found = shutil.which("chromium")
    browser = {"STREAMSPACE_BROWSER": found} if found else {}
    return target | browser | {"PATH": str(tools)}


def run(target: dict[str, str], tools: Path, reports: Path, **variables: str) -> Run:
    """Test 0 with stand-ins for the tools."""
    return run_suite(surroundings(target, tools) | variables, reports, "--tags=@phase0")


@pytest.mark.parametrize("case", sample(CHOSEN, 0, 2))
def test_exactly_what_is_wrong_with_the_tools_turns_red(case: str, deployed: dict[str, str], tmp_path: Path) -> None:
    changes, red = CASES[case]
    done = run(deployed, put(tmp_path / "bin", changes), tmp_path / "reports")
    assert done.of("FAILED") == red, done.console
    assert done.of("PROVEN") == WHOLE - red, done.console
    assert done.inapplicable == set()
    assert done.status == (1 if red else 0), done.console


@pytest.mark.parametrize(("build", "red"), [("echo built", set()), ("echo no space left >&2; exit 1", {"0-5"})])
def test_a_checkout_is_built_and_deployed(build: str, red: set[str], deployed: dict[str, str], tmp_path: Path) -> None:
    scripts = tmp_path / "checkout" / "scripts"
    scripts.mkdir(parents=True)
    for name, script in (("local-build.sh", build), ("local-deploy.sh", "echo yes > deployed")):
        (scripts / name).write_text(f"#!/bin/sh\n{script}\n")
        (scripts / name).chmod(0o755)
    tools, reports = put(tmp_path / "bin", {}), tmp_path / "reports"
    done = run(deployed, tools, reports, STREAMSPACE_REPO=str(scripts.parent))
    assert done.of("FAILED") == red, done.console
    assert (scripts.parent / "deployed").exists() == (not red)
    assert all("no space left" in done.reasons[criterion] for criterion in red)


@pytest.mark.parametrize(("case", "red"), [("all good", ""), ("helm 4.0.1", "0-3")])
def test_the_doctor_finds_the_same(case: str, red: str, deployed: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("streamspace-acceptance")), "doctor"],
        cwd=PROJECT,
        env=os.environ | surroundings(deployed, put(tmp_path / "bin", CASES[case][0])),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    found = dict(line.split()[1::-1] for line in done.stdout.splitlines() if " 0-" in line[:12])
    assert found == dict.fromkeys(WHOLE, "ok") | ({red: "FAILED"} if red else {}), done.stdout
    assert "ok       `behave` would begin with these settings" in done.stdout
    assert done.returncode == (1 if red else 0)
    assert done.stderr == ""
    assert deployed["STREAMSPACE_TEST_TOKEN"] not in done.stdout
