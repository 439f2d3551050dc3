"""Test 3.3 with each of the ways to cut an agent off: the pod is changed so that no earlier way is open."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kubernetes import client

from tests.safety.conftest import Place

PROJECT = Path(__file__).parents[2]
FEATURE = "features/3_agents/3.3_agent_heartbeat_and_health_monitoring.feature"
AGENT = "streamspace-k8s-agent"
PROVEN = {"3.3-2", "3.3-3", "3.3-4"}
NO_SUCH_IMAGE = {"STREAMSPACE_NETADMIN_IMAGE": "none/such:1"}
NOT_PERMITTED: Mapping[str, object] = {"securityContext": {"capabilities": None}}
# Debian keeps iptables in /usr/sbin.
NO_IPTABLES: Mapping[str, object] = {"env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin:/bin"}]}

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Case:
    """An agent changed like this, a suite told that: it is cut off by `way`, and those before it are not possible."""

    way: str
    agent: Mapping[str, object] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    closed: tuple[str, ...] = ()


CASES = [
    Case(
        "cut by iptables in an ephemeral container",
        {**NOT_PERMITTED, **NO_IPTABLES},
        closed=("executable file not found",),
    ),
    Case("cut by a NetworkPolicy", NOT_PERMITTED, NO_SUCH_IMAGE, ("Permission denied", "ErrImagePull")),
]


@pytest.mark.parametrize("case", CASES, ids=[each.way for each in CASES])
def test_the_first_way_that_is_open(place: Place, tmp_path: Path, case: Case) -> None:
    before = change_agent(place, case.agent)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "behave", "--no-color", FEATURE, "--name=network fails"],
            cwd=PROJECT,
            env={**place.environment, **case.told, "STREAMSPACE_REPORTS": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        restore(place, before)
    listed = json.loads((tmp_path / "verdict.json").read_text())["criteria"]
    assert {each["id"] for each in listed if each["verdict"] == "PROVEN"} == PROVEN, run.stdout
    told = next(text for text in map(Path.read_text, tmp_path.rglob("*.txt")) if text.startswith("network of pod"))
    assert case.way in told.splitlines()[0]
    assert len(told.splitlines()) == 1 + len(case.closed)
    assert all(why in told for why in case.closed), told


def change_agent(place: Place, container: Mapping[str, object]) -> client.V1Deployment:
    """Rolls the agents' Deployment out with its container changed; the Deployment as it was."""
    apps = client.AppsV1Api(place.client())
    before = apps.read_namespaced_deployment(AGENT, place.cluster.namespace)
    changed = {"spec": {"template": {"spec": {"containers": [{"name": "agent", **container}]}}}}
    kind = "application/strategic-merge-patch+json"
    apps.patch_namespaced_deployment(AGENT, place.cluster.namespace, changed, _content_type=kind)
    await_rollout(apps, place)
    return before


def restore(place: Place, before: client.V1Deployment) -> None:
    apps = client.AppsV1Api(place.client())
    before.metadata.resource_version = None
    apps.replace_namespaced_deployment(AGENT, place.cluster.namespace, before)
    await_rollout(apps, place)


def await_rollout(apps: client.AppsV1Api, place: Place) -> None:
    """Until the new agent is the only one and Ready."""
    deadline = time.monotonic() + 60
    while True:
        found = apps.read_namespaced_deployment(AGENT, place.cluster.namespace)
        status, seen = found.status, found.status.observed_generation == found.metadata.generation
        pods = place.cluster.pods(app=AGENT)
        if seen and status.updated_replicas == status.ready_replicas == 1 and len(pods) == 1:
            return
        assert time.monotonic() < deadline, f"the agent was not rolled out: {status}"
        time.sleep(0.1)
