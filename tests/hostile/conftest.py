"""The hostile server, and the outcomes of all cases, which wait side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster import kubernetes, watch_calls
from tests.hostile.calls import ANSWERED_SECONDS, SECONDS, Ask, Place, deadline
from tests.hostile.certificates import NAMES
from tests.support.project import PROJECT

AT_ONCE = 24


@dataclass(frozen=True)
class Outcome:
    """What came of one call, and after how many seconds."""

    result: object
    error: BaseException | None
    seconds: float


@dataclass(frozen=True)
class Hostile:
    """A hostile server that runs: its addresses, by the name of the certificate, `plain` for none."""

    addresses: dict[str, str]
    folder: Path

    def place(self, kind: str, certificate: str = "plain") -> Place:
        return Place(f"{self.addresses[certificate]}/{kind}", self.folder)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """The server, as a process of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, "-m", "tests.hostile.server", str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        plain, *others = json.loads(server.stdout.readline())
        secured = {name: f"https://127.0.0.1:{port}" for name, port in zip(NAMES, others, strict=True)}
        yield Hostile({"plain": f"http://127.0.0.1:{plain}", **secured}, folder)
        server.kill()


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Calls that mostly wait."""
    with ThreadPoolExecutor(AT_ONCE) as made:
        yield made


@contextmanager
def deadlines(hostile: Hostile, seconds: float) -> Iterator[None]:
    """Each call ends after so many seconds, and the tests' CA is trusted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline, "seconds", seconds)
        patch.setattr(kubernetes, "CALL_SECONDS", seconds)
        patch.setattr(watch_calls, "LIST_SECONDS", seconds)
        patch.setattr(watch_calls, "READ_SECONDS", seconds)
        patch.setitem(os.environ, "SSL_CERT_FILE", str(hostile.folder / "ca.pem"))
        yield


@pytest.fixture
def hurried(hostile: Hostile) -> Iterator[None]:
    """The deadlines of calls that are never answered."""
    with deadlines(hostile, SECONDS):
        yield


@pytest.fixture
def patient(hostile: Hostile) -> Iterator[None]:
    """The deadlines of calls that are answered."""
    with deadlines(hostile, ANSWERED_SECONDS):
        yield


def outcome_of(ask: Ask, place: Place) -> Outcome:
    """Calls, whatever comes of it."""
    began = waiting.now()
    try:
        result, error = ask(place), None
    except Exception as caught:  # noqa: BLE001 - what it is, the test judges
        result, error = None, caught
    return Outcome(result, error, waiting.now() - began)
