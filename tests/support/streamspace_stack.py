"""PostgreSQL, Valkey and the API as processes of this machine, on loopback, and a fake agent."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

NOBODY = 65534
# PostgreSQL refuses root. The capability lets it reach a Python that lies in root's own home, access(2) among that.
CAPABILITY = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
CAPABILITY += ["--securebits", "+no_setuid_fixup"]
AS_NOBODY = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *CAPABILITY]
PASSWORD = "a-password-for-tests"
AGENT_TOKEN = "an-agents-token-for-tests"
TEMPLATE = {
    "name": "firefox-browser",
    "image": "streamspace/firefox:latest",
    "resources": {"cpu": "250m", "memory": "512Mi"},
}
NODES = [{"name": "node-1", "cpu": "8", "memory": "16Gi"}]
SCALE = 0.02
"""Heartbeats every 0.6 s, offline after 1.2 s."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(condition: Callable[[], Any], *, within: float = 10.0) -> Any:
    """The first true result of `condition`, called every 20 ms. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(0.02)
    return result


@contextmanager
def process(module: str, environment: dict[str, str], log: Path, *, nobody: bool = False) -> Iterator[None]:
    """`python -m module` while the context lasts."""
    identity = AS_NOBODY if nobody and os.geteuid() == 0 else []
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*identity, sys.executable, "-m", f"streamspace_sandbox.streamspace.{module}"],
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@dataclass(frozen=True)
class Stores:
    postgres_port: int
    redis_port: int


@contextmanager
def stores(directory: Path) -> Iterator[Stores]:
    places = {name: directory / name for name in ("postgres", "valkey")}
    for place in places.values():
        place.mkdir()
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)
    ports = Stores(free_port(), free_port())
    postgres = {
        "PGDATA": str(places["postgres"] / "data"),
        "POSTGRES_USER": "streamspace",
        "POSTGRES_PASSWORD": "p",
        "POSTGRES_DB": "streamspace",
        "POSTGRES_PORT": str(ports.postgres_port),
    }
    valkey = {"VALKEY_DATA": str(places["valkey"]), "REDIS_PASSWORD": "r", "VALKEY_PORT": str(ports.redis_port)}
    with (
        process("stores.postgres", postgres, directory / "postgres.log", nobody=True),
        process("stores.valkey", valkey, directory / "valkey.log", nobody=True),
    ):
        yield ports


async def wipe(stores: Stores) -> None:
    """Delete all sessions, agents, commands and users, and every template but the first. The API itself keeps no state.

    Not by `truncate`: it locks whole tables, which can deadlock with the API, and PostgreSQL then ends the API's query.
    """
    connection = await asyncpg.connect(
        host="127.0.0.1", port=stores.postgres_port, user="streamspace", password="p", database="streamspace"
    )
    for table in ("commands", "sessions", "agents"):
        await connection.execute(f"delete from {table}")  # noqa: S608 - the names stand above
    await connection.execute("delete from templates where name <> $1", TEMPLATE["name"])
    await connection.execute("delete from users where role <> 'admin'")
    await connection.close()
    redis = Redis(port=stores.redis_port, password="r")
    await redis.flushall()
    await redis.aclose()


@dataclass
class Api:
    """A running API: `http` is authorized as its administrator."""

    port: int
    log: Path
    http: httpx.Client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def agents(self) -> dict[str, str]:
        """Status by agent id."""
        return {agent["agentId"]: agent["status"] for agent in self.http.get("/api/v1/agents").json()["agents"]}

    def create(self, user: str = "testuser", **more: Any) -> dict[str, Any]:
        answer = self.http.post("/api/v1/sessions", json={"user": user, "template": "firefox-browser", **more})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def session(self, session_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/api/v1/sessions/{session_id}").json()
        return answer

    def await_status(self, session_id: str, status: str) -> dict[str, Any]:
        eventually(lambda: self.session(session_id).get("status") == status)
        return self.session(session_id)


@contextmanager
def api(stores: Stores, directory: Path, *, scale: float = SCALE) -> Iterator[Api]:
    port = free_port()
    environment = {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(stores.postgres_port),
        "POSTGRES_USER": "streamspace",
        "POSTGRES_PASSWORD": "p",
        "POSTGRES_DB": "streamspace",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(stores.redis_port),
        "REDIS_PASSWORD": "r",
        "SIGNING_KEY": "k",
        "AGENT_TOKEN": AGENT_TOKEN,
        "ADMIN_PASSWORD": PASSWORD,
        "DEFAULT_TEMPLATES": orjson.dumps([TEMPLATE]).decode(),
        "STREAMSPACE_TIME_SCALE": str(scale),
        "LISTEN_HOST": "127.0.0.1",
        "LISTEN_PORT": str(port),
    }
    log = directory / f"api-{port}.log"
    with process("api", environment, log), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as http:
        eventually(lambda: _answers(http), within=20)
        answer = http.post("/api/v1/auth/login", json={"username": "admin", "password": PASSWORD})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield Api(port, log, http)


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class FakeAgent:
    """An agent without a cluster: it sends what a real one would, and keeps what it receives."""

    api: Api
    agent_id: str
    obeys: bool = True
    """Whether it carries commands out; otherwise it only notes them."""
    pod_address: str = "127.0.0.1"
    commands: list[dict[str, Any]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    _connection: ClientConnection | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _stop: threading.Event = field(default_factory=threading.Event)

    def connect(self) -> "FakeAgent":
        self._stop = threading.Event()
        self._open = ExitStack()
        self._connection = self._open.enter_context(
            connect(
                f"ws://127.0.0.1:{self.api.port}/api/v1/agents/connect",
                additional_headers={"Authorization": f"Bearer {AGENT_TOKEN}"},
                ping_interval=None,
            )
        )
        self.say({"type": "hello", "agentId": self.agent_id, "nodeName": "node-1", "nodes": NODES})
        self.received.append(orjson.loads(self._connection.recv()))
        assert self.received[-1]["type"] == "welcome"
        threading.Thread(target=self._listen, args=(self._connection,), daemon=True).start()
        threading.Thread(target=self._beat, args=(self._connection, self._stop), daemon=True).start()
        return self

    def say(self, message: dict[str, Any]) -> None:
        assert self._connection is not None
        self._connection.send(orjson.dumps(message).decode())

    def stop_heartbeats(self) -> None:
        """Stop the heartbeats; the connection stays open."""
        self._stop.set()

    def goodbye(self) -> None:
        self.say({"type": "goodbye"})
        self.disconnect()

    def disconnect(self) -> None:
        self._stop.set()
        self._open.close()

    def see(self, session: str, phase: str, state: str = "running") -> None:
        """Report a session's phase."""
        pod = f"{session}-abc-123" if phase in ("Pending", "Running", "Waking") else None
        address = self.pod_address if pod else None
        report = {"session": session, "phase": phase, "state": state, "podName": pod, "podIP": address}
        self.say({"type": "session", **report, "message": "", "startedAt": None})

    def carry_out(self, command: dict[str, Any]) -> None:
        name = command["session"]["name"]
        self.say({"type": "accepted", "command": command["id"]})
        match command["kind"]:
            case "create" | "wake":
                self.say({"type": "result", "command": command["id"], "failure": ""})
                self.see(name, "Pending" if command["kind"] == "create" else "Waking")
                self.see(name, "Running")
            case "hibernate":
                self.say({"type": "result", "command": command["id"], "failure": ""})
                self.see(name, "Hibernated", "hibernated")
            case "delete":
                self.say({"type": "result", "command": command["id"], "failure": ""})
                self.see(name, "Gone")

    def _listen(self, connection: ClientConnection) -> None:
        try:
            for text in connection:
                message = orjson.loads(text)
                self.received.append(message)
                if message["type"] == "command":
                    self.commands.append(message)
                    if self.obeys:
                        self.carry_out(message)
        except ConnectionClosed:
            return

    def _beat(self, connection: ClientConnection, stop: threading.Event) -> None:
        sequence = 0
        while not stop.wait(30 * SCALE):
            sequence += 1
            try:
                connection.send(orjson.dumps({"type": "heartbeat", "sequence": sequence}).decode())
            except ConnectionClosed:
                return
