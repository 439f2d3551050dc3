"""The exit status is the verdict's, also when calls were given up whose answers come as the interpreter goes down."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest

from tests.support.demo_project import BEHAVE, DEMO, Project

DRIP_SECONDS = 0.002
GIVES_UP = """
import atexit, os, pathlib
from kubernetes import client
from streamspace_acceptance import waiting

def _give_up():
    nodes = client.CoreV1Api(client.ApiClient(client.Configuration(host=os.environ["DRIPS"]))).list_node
    try:
        waiting.within(0.05, nodes, what="x")
    except waiting.DeadlineExceeded:
        pass

for _ in range(8):
    _give_up()
atexit.register(lambda: pathlib.Path("at the end").write_text("all was taken down"))

"""


@dataclass
class _Dripping:
    """A server that answers every call with a header that never ends, a letter at a time."""

    server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def run(self) -> None:
        calls: list[socket.socket] = []
        self.server.settimeout(DRIP_SECONDS)
        while not self.ended.is_set():
            with contextlib.suppress(TimeoutError):
                calls.append(self.server.accept()[0])
                calls[-1].sendall(b"HTTP/1.1 200 OK\r\n")
            for call in calls:
                with contextlib.suppress(OSError):
                    call.sendall(b"X: y\r\n")
        for call in calls:
            call.close()


@pytest.fixture
def project_that_gives_up(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    steps = (project.folder / "steps/steps.py").read_text()
    project.write("steps/steps.py", GIVES_UP + steps)
    dripping = _Dripping()
    thread = threading.Thread(target=dripping.run)
    thread.start()
    monkeypatch.setenv("DRIPS", dripping.url)
    yield project
    dripping.ended.set()
    thread.join()
    dripping.server.close()


STARTS = {
    "behave": [str(Path(sys.executable).with_name("behave"))],
    "python -m behave": BEHAVE,
    "the tests' own wrapper": [sys.executable, "-m", "tests.proof.without_recordings"],
    "a sampled run": [sys.executable, "-m", "tests.proof.overhead", "samples.json"],
    "python -c": [sys.executable, "-c", "from behave.__main__ import main; main()"],
}
STATUS = {"": 0, "file=fail": 1, "file=error": 2, "file=unproven": 3}


@pytest.mark.parametrize(("start", "demo"), [*product(["behave"], STATUS), *product([*STARTS][1:], ["file=fail"])])
def test_exit_status_is_the_verdicts(project_that_gives_up: Project, start: str, demo: str) -> None:
    run = project_that_gives_up.behave("--tags=@test-1.2", demo=demo, start=STARTS[start])
    assert (run.status, run.stderr) == (STATUS[demo], "")
    assert "Verdicts: " in run.stdout.splitlines()[-1]
    assert (project_that_gives_up.folder / "at the end").exists()
    assert run.ledger()["run"]["ended"]


def test_command_exits_with_its_status(project_that_gives_up: Project) -> None:
    """With calls left behind, and a thread that has to come to its end first."""
    ends = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('ended'))).start()\n"
    run = ended(project_that_gives_up, GIVES_UP + ends + "from streamspace_acceptance.cli import program\nprogram()\n")
    assert (run.returncode, run.stdout.splitlines()) == (2, ["ended"])
    assert "There are no results" in run.stderr
    assert (project_that_gives_up.folder / "at the end").exists()


def test_what_other_formatters_write_is_whole(project_that_gives_up: Project) -> None:
    run = project_that_gives_up.behave("-f", "json", "-o", "all.json", "-f", "plain", "--junit")
    assert run.status == 0
    assert json.loads((run.folder / "all.json").read_text())[-1]["status"] == "passed"
    assert run.stdout.rstrip().splitlines()[-1].strip().startswith("Then the template is listed ... passed")
    assert "passed" in run.junit().values()


def test_a_process_that_merely_uses_behave_goes_on(project_that_gives_up: Project) -> None:
    project_that_gives_up.write("steps/steps.py", (DEMO / "steps/steps.py").read_text())
    run = ended(
        project_that_gives_up,
        "import sys\nfrom behave.__main__ import main\n"
        "try:\n    main(['--tags=@test-1.2'])\nexcept SystemExit as over:\n    print('mine goes on with', over.code)\n"
        "sys.exit(7)\n",
    )
    assert (run.returncode, run.stdout.splitlines()[-1]) == (7, "mine goes on with 0")


def ended(project: Project, program: str) -> subprocess.CompletedProcess[str]:
    """A program of somebody's own in the project's folder, run to its end with the argument `report`."""
    project.write("mine.py", program)
    return subprocess.run(
        [sys.executable, "mine.py", "report"],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
