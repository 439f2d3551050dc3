"""A run whose API turns hostile in its midst: the verdict says so, it ends in time, and nothing is left in the end."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_acceptance import waiting
from tests.proof.proxy import Reply, Rule, proxied
from tests.safety.run_process import sweep
from tests.support.place import Place
from tests.support.project import PROJECT

BEHAVE = [sys.executable, "-m", "behave", "--no-color", "--tags=@test-1.1a"]
SESSIONS = "/api/v1/sessions"

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


class _Turns(Rule):
    """Sound until a session has been made, or also looked for in the list; from then on `instead` answers."""

    at_the_list = True

    def __init__(self) -> None:
        self.turned = threading.Event()
        self._made = False

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        made = (method, path, reply.status) == ("POST", SESSIONS, 201)
        if (self._made and (method, path) == ("GET", SESSIONS)) or (made and not self.at_the_list):
            self.turned.set()
        self._made |= made
        return reply


class _TokenRevoked(_Turns):
    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        return Reply(401, "application/json", b'{"error": "unauthorized"}') if self.turned.is_set() else None


class _TroubleThatPasses(_Turns):
    """Too many calls at first, then out of order; from the first deletion on, for the first few calls.

    The second one is the suite's own look whether all calls are limited.
    """

    def __init__(self) -> None:
        super().__init__()
        self._statuses = [429, 500, 503, 503]

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if not self._statuses or (method != "DELETE" and len(self._statuses) == 4):
            return None
        return Reply(self._statuses.pop(0), "application/json", b'{"error": "busy", "message": "not now"}')


class _Commands(Rule):
    """A refusal that commands the terminal, and is markup of every kind."""

    said = "\x1b]0;mine\x07\x1b[31m \x9b1m <script>alert(1)</script> | **b** `\u202e"

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        created = (method, path, reply.status) == ("POST", SESSIONS, 201)
        return Reply(400, "text/plain", self.said.encode()) if created else reply


class _Silent(_Turns):
    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if not self.turned.is_set():
            return None
        self.over.wait(120)  # nothing passes the proxy meanwhile, and what waited never does
        return Reply(503, "application/json", b"{}")


@pytest.fixture
def silent() -> Iterator[_Silent]:
    rule = _Silent()
    yield rule
    rule.over.set()


def begin(place: Place, url: str) -> subprocess.Popen[str]:
    environment = place.environment | {"STREAMSPACE_API_URL": url}
    return subprocess.Popen(
        BEHAVE, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def verdicts(place: Place) -> dict[str, str]:
    told = json.loads((Path(place.environment["STREAMSPACE_REPORTS"]) / "verdict.json").read_text())
    return {
        criterion["id"]: criterion["verdict"] for criterion in told["criteria"] if criterion["id"].startswith("1.1a")
    }


def journals(place: Place) -> list[Path]:
    return list(Path(place.environment["XDG_STATE_HOME"]).glob("*/*.jsonl"))


def check_swept(place: Place, before: frozenset[tuple[str, str]]) -> None:
    """What is left is on record, and gone after the sweep."""
    assert place.things() - before
    assert journals(place)
    said, _ = sweep(place)
    assert "Removed after a killed run" in said
    assert place.things() == before
    assert not journals(place)


def test_the_token_is_revoked(place: Place) -> None:
    before = place.things()
    with proxied(place.environment["STREAMSPACE_API_URL"], _TokenRevoked()) as url:
        run = begin(place, url)
        console, _ = run.communicate(timeout=180)
    said = verdicts(place)
    assert run.returncode == 2, console
    assert "BROKEN" in said.values(), console
    assert "FAILED" not in said.values(), console
    assert "STREAMSPACE_TEST_TOKEN is no longer accepted" in console
    check_swept(place, before)


def test_trouble_in_the_clean_up_that_passes_leaves_nothing(place: Place) -> None:
    before = place.things()
    with proxied(place.environment["STREAMSPACE_API_URL"], _TroubleThatPasses()) as url:
        run = begin(place, url)
        console, _ = run.communicate(timeout=180)
    assert run.returncode == 0, console
    assert set(verdicts(place).values()) == {"PROVEN"}, console
    assert re.search(r": deletion accepted · .*429.*503", console), console
    assert place.things() == before
    assert not journals(place)


@pytest.mark.whole
def test_product_output_is_escaped_in_all_reports(place: Place) -> None:
    with proxied(place.environment["STREAMSPACE_API_URL"], _Commands()) as url:
        run = begin(place, url)
        console, _ = run.communicate(timeout=180)
    assert run.returncode == 1, console
    subprocess.run(
        [sys.executable, "-m", "streamspace_acceptance.cli", "report"], cwd=PROJECT, env=place.environment, check=True
    )
    written = [path for path in Path(place.environment["STREAMSPACE_REPORTS"]).rglob("*") if path.is_file()]
    texts = {path: text for path in written if (text := _text(path)) is not None} | {Path("console"): console}
    shown = [path for path, text in texts.items() if "u001b]0;mine" in text]
    assert {".md", ".xml", ".json", ""} <= {path.suffix for path in shown}
    commands = {path: re.findall("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202e]", text)[:3] for path, text in texts.items()}
    own = ("\x1b", "\x9b", "\x07", "\u202e")
    assert not {
        path: characters
        for path, characters in commands.items()
        if set(characters) & set(own) and path.suffix != ".html"
    }
    assert not [path for path, text in texts.items() if path.suffix == ".html" and "<script>alert(1)" in text]
    assert not [path for path, text in texts.items() if path.suffix == ".md" and _markup(text)]


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return None  # a picture, or a film


def _markup(page: str) -> bool:
    """Whether the refusal's markup stands in a page of Markdown where it counts: outside a block that is as it is."""
    return "<script>" in re.sub(r"(?ms)^(`{3,}).*?^\1$", "", page).replace("\\<script", "")


@pytest.mark.whole
def test_the_api_falls_silent_and_the_run_ends_by_itself(place: Place, silent: _Silent) -> None:
    before = place.things()
    with proxied(place.environment["STREAMSPACE_API_URL"], silent) as url:
        run = begin(place, url)
        console, _ = run.communicate(timeout=180)
        silent.over.set()
    said = verdicts(place)
    assert run.returncode == 2, console
    assert "BROKEN" in said.values(), console
    assert "FAILED" not in said.values(), console
    assert "no complete answer" in console
    assert "may be left" in console
    check_swept(place, before)


def test_the_api_falls_silent_and_the_run_is_terminated(place: Place, silent: _Silent) -> None:
    before, silent.at_the_list = place.things(), False
    with proxied(place.environment["STREAMSPACE_API_URL"], silent) as url:
        run = begin(place, url)
        assert silent.turned.wait(60)
        time.sleep(1.0)  # until the run waits for an answer
        began = waiting.now()
        run.terminate()
        console, _ = run.communicate(timeout=180)
        took = waiting.now() - began
        silent.over.set()
    assert took <= 30, console
    assert run.returncode == 2, console
    assert "interrupted by SIGTERM" in console
    check_swept(place, before)
    sys.stdout.write(f"over {took:.1f} s after SIGTERM\n")
