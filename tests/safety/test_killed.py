"""A run that is killed at any moment leaves nothing once it is swept, and nothing else is touched.

STREAMSPACE_KILLS says at how many moments; the seed is printed with a failure.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kubernetes import client

from streamspace_acceptance import waiting
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.sessions.registry import Registry
from tests.safety.conftest import Place

PROJECT = Path(__file__).parents[2]
KILLS = int(os.environ.get("STREAMSPACE_KILLS", "6"))
SEED = int(os.environ.get("STREAMSPACE_SEED", "0")) or random.randrange(1, 10**6)  # noqa: S311 - no secret
SWEPT_SECONDS = 60.0
BEHAVE = [sys.executable, "-m", "behave", "--no-color", "--tags=@test-1.2 or @test-2.2 or @test-2.3"]
SWEEP = [sys.executable, "-m", "streamspace_acceptance.cli", "sweep"]
BREAKS = Path(__file__).with_name("breaks.py")

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(120 + 30 * KILLS)]


def moments() -> list[float]:
    """When to kill, in seconds after the start: between the first request and the end of the run."""
    dice = random.Random(SEED)  # noqa: S311 - no secret
    return [dice.uniform(0.8, 9.0) for _ in range(KILLS)]


def sweep(place: Place) -> tuple[str, float]:
    began = waiting.now()
    done = subprocess.run(
        SWEEP, env=place.environment, capture_output=True, text=True, timeout=SWEPT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr, waiting.now() - began


@pytest.fixture(scope="module")
def theirs(place: Place) -> frozenset[tuple[str, str]]:
    """Somebody else's session, for the user and of the template that the plan has, and all else that is there."""
    registry = Registry(place.api, place.cluster, Budgets(0.1))
    session = registry.enter(str(registry.ask("testuser", "firefox-browser", None).id))
    session.wait_for_ready_pod(within="start")
    session.wait_for_phase("Running", within="start")
    session.close()
    return place.things()


@pytest.mark.parametrize("after", moments())
def test_killed(place: Place, theirs: frozenset[tuple[str, str]], after: float) -> None:
    run = subprocess.Popen(
        BEHAVE, cwd=PROJECT, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    run.kill()
    run.wait()
    left = place.things() - theirs
    said, took = sweep(place)
    sys.stdout.write(f"killed after {after:.2f} s with {len(left)} things there; swept in {took:.1f} s\n")
    assert place.things() == theirs, f"seed {SEED}: {said}"
    assert not list(Path(place.environment["XDG_STATE_HOME"]).glob("*/*.jsonl")), said


def test_terminated_is_over_within_20_s(place: Place, theirs: frozenset[tuple[str, str]]) -> None:
    run = subprocess.Popen(
        BEHAVE, cwd=PROJECT, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not place.things() - theirs:
        time.sleep(0.05)
    run.terminate()
    assert run.wait(timeout=20) != 0
    assert place.things() == theirs


def test_a_living_run_is_left_alone(place: Place, theirs: frozenset[tuple[str, str]]) -> None:
    run = subprocess.Popen(
        BEHAVE, cwd=PROJECT, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not any(kind == "session" for kind, _ in place.things() - theirs):
            time.sleep(0.05)
        said, _ = sweep(place)
        assert "Removed" not in said
    finally:
        run.terminate()
        run.wait(timeout=20)
    assert place.things() == theirs


@pytest.mark.parametrize("way", range(3), ids=["iptables in the pod", "an ephemeral container", "a NetworkPolicy"])
def test_what_was_broken_is_mended(place: Place, theirs: frozenset[tuple[str, str]], way: int) -> None:
    agent = place.cluster.pods(app="streamspace-k8s-agent")[0]
    before = traces_of_a_cut(place, agent)
    command = [sys.executable, str(BREAKS), str(way)]
    run = subprocess.Popen(command, env=place.environment, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    assert run.stdout.readline() == "broken\n"
    run.kill()
    run.wait()
    assert traces_of_a_cut(place, agent) != before
    assert place.cluster.replicas("streamspace-k8s-agent") == 2
    said, _ = sweep(place)
    assert said.count("Mended after a killed run") == 2
    assert traces_of_a_cut(place, agent) == before
    assert place.cluster.replicas("streamspace-k8s-agent") == 1


def traces_of_a_cut(place: Place, agent: Pod) -> tuple[object, ...]:
    """The rules in the agent's pod, the pod's labels, what runs beside it, and the policies of the namespace."""
    rules = place.cluster.execute(agent, ["iptables", "-S", "OUTPUT"]).stdout
    pod = next(each for each in place.cluster.raw_pods() if each["metadata"]["uid"] == agent.meta.uid)
    beside = [each for each in pod["status"].get("ephemeralContainerStatuses") or [] if "running" in each["state"]]
    networking = client.NetworkingV1Api(place.client())
    policies = networking.list_namespaced_network_policy(place.cluster.namespace).items
    return rules, pod["metadata"]["labels"], beside, [each.metadata.name for each in policies]
