"""Runs of the suite that a test stops in the middle: their journals, their processes, and what they leave."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

from streamspace_acceptance.reporting.allure.results import NOT_RUN
from tests.support.demo_project import worst_cases
from tests.support.project import PROJECT

if TYPE_CHECKING:
    from tests.support.place import Place


BEHAVE = [sys.executable, "-m", "behave", "--no-color", "-D", "gate=off"]
SWEEP = [sys.executable, "-m", "streamspace_acceptance.cli", "sweep"]
SWEPT_SECONDS = 60.0
REACHED_SECONDS = 180.0
END_SECONDS = 5.0
"""For processes to end whose run is gone: a browser that is not in the middle of anything needs a tenth of it."""
MARK = "STREAMSPACE_TESTS_MARK"


class Run:
    """A run of the suite as a process of its own, with a folder for its reports and one for its temporary files."""

    def __init__(self, environment: dict[str, str], folder: Path, arguments: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.reports = folder / "reports"
        self.temporary = Path(tempfile.mkdtemp(prefix="killed-"))  # below a long path Chromium does not start
        self.mark = secrets.token_hex(8)
        self.state = Path(environment["XDG_STATE_HOME"]) / "streamspace-acceptance"
        told = {"STREAMSPACE_REPORTS": str(self.reports), "TMPDIR": str(self.temporary), MARK: self.mark}
        with (folder / "console").open("w") as console:
            self.process = subprocess.Popen(
                [*BEHAVE, *arguments],
                cwd=PROJECT,
                env=environment | told,
                stdout=console,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self._console = folder / "console"

    @property
    def console(self) -> str:
        """What it has printed."""
        return self._console.read_text()

    def journal(self) -> list[dict[str, Any]]:
        """The lines of its journal so far; none when it has none, or none any more."""
        for path in self.state.glob(f"*-{self.process.pid}-*.jsonl"):
            try:
                return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            except FileNotFoundError:
                break
        return []

    def intents(self, kind: str = "") -> int:
        """How many acts it has begun."""
        return sum("intent" in line and line["kind"].startswith(kind) for line in self.journal())

    def until(self, reached: Callable[[], object], seconds: float = REACHED_SECONDS) -> None:
        """Waits until something has been reached, or the run is over."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and not reached():
            assert time.monotonic() < deadline, f"never reached: {self.console}"
            time.sleep(0.01)

    def kill(self) -> bool:
        """Whether it was still alive."""
        alive = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        return alive

    def close(self) -> None:
        """Ends it, and takes its temporary files away."""
        self.kill()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def processes(self, *, named: str = "") -> list[str]:
        """The command lines of what it has started, and of what that has started, as far as it lives."""
        return [command for command in _marked(self.mark, str(self.temporary)) if named in command]

    def await_end_of_processes(self) -> list[str]:
        """What is left of its processes after a moment."""
        deadline = time.monotonic() + END_SECONDS
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """What its report says of each criterion."""
        return {criterion["id"]: criterion for criterion in self.document()["criteria"]}

    def agreed(self) -> dict[str, str]:
        """What its Allure results say of each scenario, in JUnit's words; the JUnit file says the same."""
        words = {"passed": "passed", "failed": "failure", "broken": "error", "skipped": "skipped"}
        results = [json.loads(path.read_text()) for path in (self.reports / "allure-results").glob("*-result.json")]
        run = [result for result in results if not result["name"].startswith(NOT_RUN)]
        allure = {result["name"]: words[result["status"]] for result in run}
        cases = Xml.parse(self.reports / "junit.xml").iter("testcase")  # noqa: S314 - the suite's own file
        assert worst_cases(cases) == allure
        return allure

    def document(self) -> dict[str, Any]:
        """Its verdict.json."""
        read: dict[str, Any] = json.loads((self.reports / "verdict.json").read_text())
        return read


@contextmanager
def begun(place: Place, folder: Path, *arguments: str, **told: str) -> Iterator[Run]:
    """A run that is over at the end of the context at the latest."""
    run = Run(place.environment | told, folder, arguments)
    try:
        yield run
    finally:
        run.close()


def sweep(place: Place) -> tuple[str, float]:
    """What a sweep says, and how many seconds it took as a whole."""
    began = time.monotonic()
    done = subprocess.run(
        SWEEP, env=place.environment, capture_output=True, text=True, timeout=2 * SWEPT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr, time.monotonic() - began


def journals(place: Place) -> list[Path]:
    """The journals that there are."""
    return list(Path(place.environment["XDG_STATE_HOME"]).glob("*/*.jsonl"))


def _marked(mark: str, temporary: str) -> Iterator[str]:
    """By the environment that a process was started with, or by a folder in its command: some write over the first."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{MARK}={mark}".encode() in environment or temporary.encode() in command:
            yield command.replace(b"\0", b" ").decode(errors="replace").strip()
