"""Faults that the sandbox does not know: what a proxy before its API does to what passes, and the runs against that."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.proof.proxy import Reply, Rule, proxied
from tests.proof.running import PROJECT, Run, embedded, run_suite

SESSIONS = "/api/v1/sessions"
POINTER_EVENT, POINTER_BYTES = 5, 6
FALL_BACK_AFTER = 5  # polls: the suite has then seen the session run


def _with(reply: Reply, **changes: Any) -> Reply:
    return replace(reply, body=json.dumps(json.loads(reply.body) | changes).encode())


class _Accepted(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return replace(reply, status=202) if (method, path) == ("POST", SESSIONS) else reply


class _InventedId(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return (
            _with(reply, sessionId="testuser-firefox-browser-0000") if (method, path) == ("POST", SESSIONS) else reply
        )


class _GivesNoReason(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        refused = (method, path, reply.status) == ("POST", SESSIONS, 422)
        return _with(reply, message="The request is invalid.") if refused else reply


class _FallsBack(Rule):
    """A session that has been Running for some polls of the list is Pending from then on."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", SESSIONS):
            return reply
        return _with(reply, sessions=[self._worsened(each) for each in json.loads(reply.body)["sessions"]])

    def _worsened(self, session: dict[str, Any]) -> dict[str, Any]:
        if session["status"] != "Running":
            return session
        times = self._seen[session["sessionId"]] = self._seen.get(session["sessionId"], 0) + 1
        return session if times <= FALL_BACK_AFTER else session | {"status": "Pending"}


class _NoAddress(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return _with(reply, url="/vnc") if path.endswith("/connect") else reply


class _AnothersAddress(Rule):
    """The second user is told where the first one's desktop is."""

    def __init__(self) -> None:
        self._first = ""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if path.endswith("/connect") and "/user1-" in path:
            self._first = json.loads(reply.body)["url"]
        return _with(reply, url=self._first) if path.endswith("/connect") and "/user2-" in path else reply


class _Spins(Rule):
    """The desktop's page never comes to an end in a browser; fetched plainly, it is as always."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        page = path.endswith("/viewer.js")
        return replace(reply, body=reply.body + b"\nwhile (true) {}\n") if page else reply


class _NoPointer(Rule):
    def hears(self, message: bytes) -> bool:
        return not (len(message) >= POINTER_BYTES and message[0] == POINTER_EVENT)


class _Refuses(Rule):
    def __init__(self, order: str) -> None:
        self._order = order

    def instead(self, method: str, path: str) -> Reply | None:
        refused = (method, path.rpartition("/")[2]) == ("POST", self._order)
        return Reply(500, "application/json", b'{"error": "internal", "message": "out of order"}') if refused else None


class _Gateway(Rule):
    def instead(self, method: str, path: str) -> Reply | None:
        return Reply(504, "text/html", b"<h1>Gateway Time-out</h1>") if (method, path) == ("POST", SESSIONS) else None


@dataclass(frozen=True)
class Lie:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven."""

    name: str
    rule: Rule
    test: str
    failed: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()


LIES = [
    Lie("202 for 201", _Accepted(), "1.1a", frozenset({"1.1a-1"})),
    Lie("an id that nobody has", _InventedId(), "1.1a", frozenset({"1.1a-2"})),
    Lie("a gateway answers", _Gateway(), "1.1a", unproven=frozenset({"1.1a-1"})),
    Lie("Running does not last", _FallsBack(), "1.1b", frozenset({"1.1b-1"})),
    Lie("no reason is given", _GivesNoReason(), "1.1c", frozenset({"1.1c-2"})),
    Lie("half an address", _NoAddress(), "1.1d", frozenset({"1.1d-1"})),
    Lie("the page spins", _Spins(), "1.1d", frozenset({"1.1d-3"}), frozenset({"1.1d-4"})),
    Lie("clicks are lost", _NoPointer(), "1.1d", frozenset({"1.1d-4"})),
    Lie("202 for 201, for everybody", _Accepted(), "1.3", unproven=frozenset({"1.3-1"})),
    Lie("another's address", _AnothersAddress(), "1.3", frozenset({"1.3-5"}), frozenset({"1.3-4"})),
    Lie("hibernation is refused", _Refuses("hibernate"), "1.4", frozenset({"1.4-1"}), frozenset({"1.4-2"})),
    Lie("waking is refused", _Refuses("wake"), "1.4", frozenset({"1.4-3"}), frozenset({"1.4-4", "1.4-5"})),
]


def told(names: list[str], folder: Path) -> dict[str, Run]:
    """The runs with each of these lies, one after the other against one sandbox, which is sound."""
    with embedded(f"foreign-{os.getpid()}") as target:
        return {lie.name: _run(lie, target, folder) for lie in LIES if lie.name in names}


def _run(lie: Lie, target: dict[str, str], folder: Path) -> Run:
    (feature,) = (PROJECT / "features" / "1_sessions").glob(f"{lie.test}_*.feature")
    with proxied(target["STREAMSPACE_API_URL"], lie.rule) as url:
        return run_suite(target | {"STREAMSPACE_API_URL": url}, folder / lie.name.replace(" ", "-"), str(feature))
