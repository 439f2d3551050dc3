"""Runs whose watches of Kubernetes are disturbed on the way: a flaky one costs nothing, a broken one is BROKEN."""

import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
import yaml

from tests.safety.run_process import BEHAVE
from tests.sampling import sample
from tests.support.place import Place
from tests.support.project import PROJECT

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

TAGS = "--tags=@test-1.1b"
Disturb = Callable[[BaseHTTPRequestHandler, int, bytes | None], bool]
"""Told of a line of a watch, or of its begin (None), and of how many watches there were before; False ends it."""


def _event(kind: str, obj: dict[str, object]) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def _gone_every_second_time(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if number % 2 == 0 and line is None:
        request.wfile.write(_event("ERROR", {"kind": "Status", "code": 410, "message": "too old"}))
        return False
    if line is not None:
        request.wfile.write(line)
    return True


def _cut_after_each_event(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if line is not None:
        request.wfile.write(line)
        return False
    return True


def _bookmarks_between(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if line is not None:
        version = json.loads(line)["object"]["metadata"]["resourceVersion"]
        request.wfile.write(line + _event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}}))
    return True


def _silent(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    return True


def _always_gone(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    return _gone_every_second_time(request, 0, line)


def _ended_at_once(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    return False


def _bookmarks_only(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if line is not None:
        version = json.loads(line)["object"]["metadata"]["resourceVersion"]
        request.wfile.write(_event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}}))
    return True


def _unknown(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if line is not None:
        request.wfile.write(line.replace(b'"MODIFIED"', b'"CHANGED"').replace(b'"ADDED"', b'"APPEARED"'))
    return True


def _no_object(request: BaseHTTPRequestHandler, number: int, line: bytes | None) -> bool:
    if line is not None:
        request.wfile.write(_event("MODIFIED", {"kind": "Pod"}))
    return True


TOLERABLE: dict[str, Disturb] = {
    "gone every second time": _gone_every_second_time,
    "gone each time, for less than ten seconds": _always_gone,
    "ended at once each time, for less than ten seconds": _ended_at_once,
    "cut off after each event": _cut_after_each_event,
    "bookmarks between": _bookmarks_between,
}
WATCHES = 6  # of a run of test 1.1b: one of events, one for each of the five sessions
AGAIN = 5  # times a second, at most, is a watch begun again that brings nothing
BROKEN: dict[str, tuple[Disturb, str]] = {
    "silent": (_silent, "has not reported changes"),
    "bookmarks only": (_bookmarks_only, "watch of pods"),
    "events of no kind that there is": (_unknown, "an event of type"),
    "events about nothing": (_no_object, "no answer as Kubernetes gives it"),
}


@contextmanager
def disturbed(kubeconfig: Path, disturb: Disturb, folder: Path) -> Iterator[tuple[Path, list[float]]]:
    """A kubeconfig that leads through a proxy which disturbs watches and passes on all else; when each was begun."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    authority = folder / "ca.pem"
    authority.write_bytes(base64.b64decode(cluster.pop("certificate-authority-data")))
    numbers, begun = count(1), list[float]()
    members = {
        "pool": urllib3.PoolManager(ca_certs=str(authority), retries=False, maxsize=20),
        "upstream": cluster["server"],
        "disturb": staticmethod(disturb),
        "begun": begun,
        "number": staticmethod(lambda: next(numbers)),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Proxy,), members))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cluster["server"] = f"http://127.0.0.1:{server.server_port}"
    changed = folder / "kubeconfig"
    changed.write_text(yaml.safe_dump(config))
    try:
        yield changed, begun
    finally:
        server.shutdown()
        server.server_close()


class _Proxy(BaseHTTPRequestHandler):
    """Passes each request on to `upstream`, and what a watch says as `disturb` has it."""

    pool: urllib3.PoolManager
    upstream: str
    disturb: Disturb
    begun: list[float]
    number: Callable[[], int]

    def do_GET(self) -> None:
        if "Upgrade" in self.headers:
            self._tunnel()
            return
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        body = self.rfile.read(length) or None
        answer = self.pool.request(
            self.command, self.upstream + self.path, body=body, headers=headers, preload_content=False, redirect=False
        )
        with suppress(OSError, urllib3.exceptions.HTTPError):  # either side may be gone
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.end_headers()
            if "watch=true" in self.path.lower() and answer.status == 200:
                self._watch(answer)
            else:
                self.wfile.write(answer.read())
        answer.close()

    def _tunnel(self) -> None:
        """Passes an exec on as it is, both ways, until one side ends."""
        address = urlsplit(self.upstream)
        context = ssl.create_default_context(cafile=self.pool.connection_pool_kw["ca_certs"])
        with (
            socket.create_connection((address.hostname or "", address.port or 443), 10) as connection,
            context.wrap_socket(connection, server_hostname=address.hostname) as server,
        ):
            lines = [f"{name}: {value}" for name, value in self.headers.items()]
            server.sendall("\r\n".join([self.requestline, *lines, "", ""]).encode("latin-1"))
            thread = threading.Thread(target=self._pour, args=(self.connection, server), daemon=True)
            thread.start()
            self._pour(server, self.connection)
        self.close_connection = True

    @staticmethod
    def _pour(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)

    def _watch(self, answer: urllib3.BaseHTTPResponse) -> None:
        self.begun.append(time.monotonic())
        number, rest = self.number(), b""
        if not self.disturb(self, number, None):
            return
        while piece := answer.read1():
            *lines, rest = (rest + piece).split(b"\n")
            if not all(self.disturb(self, number, line + b"\n") for line in lines if line):
                return

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def run(place: Place, disturb: Disturb, folder: Path) -> tuple[int, set[str], str]:
    """The exit status of a run through the proxy, its verdicts, and its console.

    Whatever becomes of them, its watches are not begun again without a pause.
    """
    with disturbed(Path(place.environment["KUBECONFIG"]), disturb, folder) as (kubeconfig, begun):
        environment = place.environment | {
            "KUBECONFIG": str(kubeconfig),
            "STREAMSPACE_REPORTS": str(folder / "reports"),
        }
        command = [*BEHAVE[:-2], TAGS]
        done = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=200, check=False
        )
    lasted = begun[-1] - begun[0] if begun else 0.0
    assert len(begun) <= WATCHES * (AGAIN * lasted + 1) or disturb is _cut_after_each_event
    told = json.loads((folder / "reports" / "verdict.json").read_text())
    verdicts = {criterion["verdict"] for criterion in told["criteria"] if criterion["id"].startswith("1.1b")}
    return done.returncode, verdicts, done.stdout + done.stderr


@pytest.mark.parametrize("name", sample(TOLERABLE, 0))
def test_a_flaky_watch_costs_nothing(place: Place, name: str, tmp_path: Path) -> None:
    status, verdicts, console = run(place, TOLERABLE[name], tmp_path)
    assert (status, verdicts) == (0, {"PROVEN"}), console


@pytest.mark.parametrize("name", sample(BROKEN, 2))
def test_a_broken_watch_is_told_as_broken(place: Place, name: str, tmp_path: Path) -> None:
    disturb, words = BROKEN[name]
    status, verdicts, console = run(place, disturb, tmp_path)
    assert (status, "FAILED" in verdicts) == (2, False), console
    assert words in " ".join(console.split()), console
