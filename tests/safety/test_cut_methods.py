"""Test 3.3 with each of the ways to cut an agent off: the pod is changed so that no earlier way is open."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.safety.agents import NO_IPTABLES, NO_SUCH_IMAGE, NOT_PERMITTED, Agents
from tests.sampling import sample
from tests.support.place import Place
from tests.support.project import PROJECT

FEATURE = "features/3_agents/3.3_agent_heartbeat_and_health_monitoring.feature"
PROVEN = {"3.3-2", "3.3-3", "3.3-4"}

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


@pytest.mark.parametrize("case", sample(CASES), ids=[case.way for case in CASES])
def test_the_first_way_that_is_open(place: Place, tmp_path: Path, case: Case) -> None:
    agents = Agents(place)
    try:
        agents.become(case.agent)
        run = subprocess.run(
            [sys.executable, "-m", "behave", "--no-color", FEATURE, "--name=network is cut"],
            cwd=PROJECT,
            env={**place.environment, **case.told, "STREAMSPACE_REPORTS": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        agents.become({})
    listed = json.loads((tmp_path / "verdict.json").read_text())["criteria"]
    assert {criterion["id"] for criterion in listed if criterion["verdict"] == "PROVEN"} == PROVEN, run.stdout
    told = next(text for text in map(Path.read_text, tmp_path.rglob("*.txt")) if text.startswith("network of pod"))
    assert case.way in told.splitlines()[0]
    assert len(told.splitlines()) == 1 + len(case.closed)
    assert all(why in told for why in case.closed), told
