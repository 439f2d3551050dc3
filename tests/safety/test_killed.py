"""A run that is killed at any moment leaves nothing once it is swept, and nothing else is touched.

STREAMSPACE_KILLS says at how many moments (6 unless it says otherwise, about a minute and a half), STREAMSPACE_SEED
which; the seed is printed with a failure. What each left, and how long its sweep took, is printed with `-s`.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from streamspace_acceptance.cluster.objects import Pod
from tests.safety.agents import AGENT, Agents
from tests.safety.fixtures import Scene, await_one_agent, look, plant_others
from tests.safety.kill_moments import KILLS, SEED, Moment, kills
from tests.safety.run_process import SWEEP, SWEPT_SECONDS, Run, begun, journals, sweep
from tests.sampling import sample
from tests.support.place import Place

BREAKS = Path(__file__).with_name("disruption_process.py")
SWEEPS_KILLED = max(2, KILLS // 5)
SESSIONS = ["--tags=@test-1.2"]
LONGER = ["--tags=@test-1.2 or @test-1.4 or @test-2.2 or @test-2.3"]

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300), pytest.mark.usefixtures("agents_restored")]


@pytest.fixture
def before(others: Place) -> Scene:
    """What must be there afterwards as it is now; of agents there is one."""
    await_one_agent(others)
    plant_others(others)
    return look(others)


def check(place: Place, before: Scene, said: str) -> None:
    """Nothing is left, and nothing else was touched."""
    now = look(place)
    assert (now.beyond(before), now.lacks(before)) == ([], []), f"seed {SEED}: {said}"
    assert journals(place) == [], said
    await_one_agent(place)


@pytest.mark.parametrize("kill", sample(kills(), 0, 4), ids=str)
def test_killed(others: Place, agents: Agents, tmp_path: Path, kill: Moment) -> None:
    agents.become(kill.work.agent)
    await_one_agent(others)
    plant_others(others)
    before = look(others)
    with begun(others, tmp_path, *kill.work.arguments, **kill.work.told) as run:
        kill.await_moment(run)
        started = len(run.processes()) - 1
        alive = run.kill()
        acts, left = run.intents(), look(others).beyond(before)
        said, took = sweep(others)
        sys.stdout.write(
            f"KILLED\t{kill}\t{'alive' if alive else 'over'}\t{acts} acts\tleft {len(left)}"
            f"\t{started} processes\tswept in {took:.1f} s\n"
        )
        check(others, before, said)
        assert took <= SWEPT_SECONDS
        assert run.await_end_of_processes() == []
        if alive:
            is_reported(run, said)


def is_reported(run: Run, said: str) -> None:
    """As killed, in papers and history, with no more than one scenario as broken; in all of its files alike."""
    if not (run.reports / "verdict.json").exists():
        assert run.intents() == 0  # it had not even begun to write
        return
    document, told = run.document(), run.agreed()
    if document["run"]["ended"]:  # killed on its way out
        assert (run.reports / "SUMMARY.md").exists()
        return
    assert said.count("was killed; its report in ") == 1, said
    assert (document["interruption"], document["decision"]["word"]) == ("killed", "UNDECIDED")
    assert "The run was killed" in (run.reports / "SUMMARY.md").read_text()
    assert len(list((run.reports / "history").glob("run-*.json"))) == 1
    broken = [name for name, word in told.items() if word == "error"]
    assert len(broken) <= 1
    assert all(f"“{name}”" in said for name in broken)
    assert bool(broken) == any(criterion["verdict"] == "BROKEN" for criterion in document["criteria"]), told


@pytest.mark.parametrize("number", sample(range(SWEEPS_KILLED), 0))
def test_a_sweep_that_is_killed_is_finished_by_the_next(
    others: Place, before: Scene, tmp_path: Path, number: int
) -> None:
    """The first as soon as it has deleted something, the others at any moment."""
    dice = random.Random(SEED + number)  # noqa: S311 - no secret
    leave_a_session(others, before, tmp_path)
    first = subprocess.Popen(SWEEP, env=others.environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if number:
        time.sleep(dice.uniform(0.5, 4.0))
    else:
        while first.poll() is None and "Terminating" not in {
            session.status for session in others.api.sessions().sessions
        }:
            time.sleep(0.01)
    first.kill()
    first.wait()
    said, took = sweep(others)
    check(others, before, said)
    assert took <= SWEPT_SECONDS


def test_two_sweeps_at_once(others: Place, before: Scene, tmp_path: Path) -> None:
    leave_a_session(others, before, tmp_path)
    both = [
        subprocess.Popen(SWEEP, env=others.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=2 * SWEPT_SECONDS)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("Removed after a killed run: session" in output for output in said) == 1, said
    check(others, before, "\n".join(said))


@pytest.mark.whole
def test_a_sweep_beside_a_living_run(others: Place, before: Scene, tmp_path: Path) -> None:
    """It removes what a killed run left, and what the living one made it does not even slow down."""
    with begun(others, tmp_path / "living", *LONGER) as living:
        living.until(lambda: living.intents("session"))
        leave_a_session(others, before, tmp_path / "killed")
        said, _ = sweep(others)
        assert said.count("Removed after a killed run: session") == 1
        assert "is left alone: its run is going on" in said
        assert living.process.poll() is None
        assert living.process.wait(timeout=180) == 0, living.console
    check(others, before, said)


def leave_a_session(place: Place, before: Scene, folder: Path) -> None:
    """A run is killed that has a session."""
    with begun(place, folder, *SESSIONS) as run:
        run.until(lambda: any("id" in line for line in run.journal()))
        assert run.kill()
    assert look(place).beyond(before)


WAYS = pytest.mark.parametrize(
    "way", sample(range(3), 0), ids=["iptables in the pod", "an ephemeral container", "a NetworkPolicy"]
)


@WAYS
def test_what_was_broken_is_mended(others: Place, agents: Agents, way: int) -> None:
    with broken(others, agents, way) as (run, before, traces):
        stop(run)
        assert traces() != before.traces
        assert others.cluster.replicas(AGENT) == 2
        said, _ = sweep(others)
        assert said.count("Reverted after a killed run") == 2
    check(others, before.scene, said)


@WAYS
def test_killed_while_it_mends(others: Place, agents: Agents, way: int) -> None:
    """Mending takes about half a second."""
    moment = random.Random(f"{SEED} {way}").uniform(0.0, 0.7)  # noqa: S311 - no secret
    with broken(others, agents, way, "and mend") as (run, before, _):
        time.sleep(moment)
        stop(run)
        left = len(journals(others))
        said, took = sweep(others)
        sys.stdout.write(f"KILLED\t{moment:.2f} s after it began to mend\t{left} journal\tswept in {took:.1f} s\n")
    check(others, before.scene, said)


@dataclass(frozen=True)
class _Before:
    scene: Scene
    traces: tuple[object, ...]


@contextmanager
def broken(
    place: Place, agents: Agents, way: int, *told: str
) -> Iterator[tuple[subprocess.Popen[str], _Before, Callable[[], tuple[object, ...]]]]:
    """A process that has broken two things, how it was before, and what there is of the cut; in the end as before."""
    agents.become({})
    await_one_agent(place)
    plant_others(place)
    agent = place.cluster.pods(app=AGENT)[0]
    before = _Before(look(place), traces_of_a_cut(place, agent))
    command = [sys.executable, str(BREAKS), str(way), *told]
    run = subprocess.Popen(command, env=place.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == "broken\n"
        yield run, before, lambda: traces_of_a_cut(place, agent)
    finally:
        stop(run)  # a living run's journal would keep the sweep from restoring the agents
    assert traces_of_a_cut(place, agent) == before.traces


def stop(run: subprocess.Popen[str]) -> None:
    run.kill()
    run.wait()


def traces_of_a_cut(place: Place, agent: Pod) -> tuple[object, ...]:
    """The rules in the agent's pod, the pod's labels, what runs beside it, and the policies of the namespace."""
    rules = place.cluster.execute(agent, ["iptables", "-S", "OUTPUT"]).stdout
    pod = next(candidate for candidate in place.cluster.raw_pods() if candidate["metadata"]["uid"] == agent.meta.uid)
    beside = [
        container
        for container in pod["status"].get("ephemeralContainerStatuses") or []
        if "running" in container["state"]
    ]
    networking: Any = client.NetworkingV1Api(place.client())
    policies = networking.list_namespaced_network_policy(place.cluster.namespace).items
    return rules, pod["metadata"]["labels"], beside, [policy.metadata.name for policy in policies]
