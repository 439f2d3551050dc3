"""The API is killed while a run uses it: the run waits until it answers again, and goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proof.proxy import Reply, Rule, proxied
from tests.support.place import Place
from tests.support.project import PROJECT

BEHAVE = [sys.executable, "-m", "behave", "--no-color", "-D", "gate=off", "--tags=@test-1.1a,@test-2.1"]
API = b"streamspace_sandbox.streamspace.api"

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


class _Killed(Rule):
    """The API's process ends once it has answered the first creation of a session."""

    killed = False

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path, reply.status) == ("POST", "/api/v1/sessions", 201) and not self.killed:
            self.killed = True
            os.kill(_pid_of_the_api(), signal.SIGKILL)
        return reply


def _pid_of_the_api() -> int:
    """Of the sandbox of this process."""
    sandbox = f"/safety-{os.getpid()}/"
    (pid,) = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if API in _text(folder / "cmdline") and sandbox in _text(folder / "cgroup").decode()
    ]
    return pid


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


def test_api_that_is_killed_is_awaited(place: Place) -> None:
    before = place.things()
    with proxied(place.environment["STREAMSPACE_API_URL"], _Killed()) as url:
        environment = place.environment | {"STREAMSPACE_API_URL": url}
        run = subprocess.run(BEHAVE, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    told = json.loads((Path(place.environment["STREAMSPACE_REPORTS"]) / "verdict.json").read_text())
    verdicts = {entry["id"]: entry["verdict"] for entry in told["criteria"] if entry["verdict"] != "UNPROVEN"}
    assert {id for id, verdict in verdicts.items() if id.startswith("2.1")} == {"2.1-1", "2.1-2", "2.1-3", "2.1-4"}
    assert set(verdicts.values()) == {"PROVEN"}, run.stdout
    (api,) = place.cluster.raw_pods(app="streamspace-api")
    assert api["status"]["containerStatuses"][0]["restartCount"] == 1
    assert place.things() == before
