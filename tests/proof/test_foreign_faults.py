"""Faults that the sandbox does not know: a proxy before its API lies, and the suite must name what the lie is about."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.proof.conftest import embedded, run_suite
from tests.proof.proxy import Reply, Rule, proxied

pytestmark = [pytest.mark.proof, pytest.mark.sandbox, pytest.mark.timeout(300)]

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
class Foreign:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven."""

    name: str
    rule: Rule
    test: str
    failed: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()


FOREIGN = [
    Foreign("202 for 201", _Accepted(), "1.1a", frozenset({"1.1a-1"})),
    Foreign("an id that nobody has", _InventedId(), "1.1a", frozenset({"1.1a-2"})),
    Foreign("a gateway answers", _Gateway(), "1.1a", unproven=frozenset({"1.1a-1"})),
    Foreign("Running does not last", _FallsBack(), "1.1b", frozenset({"1.1b-1"})),
    Foreign("no reason is given", _GivesNoReason(), "1.1c", frozenset({"1.1c-2"})),
    Foreign("half an address", _NoAddress(), "1.1d", frozenset({"1.1d-1"})),
    Foreign("the page spins", _Spins(), "1.1d", frozenset({"1.1d-3"}), frozenset({"1.1d-4"})),
    Foreign("clicks are lost", _NoPointer(), "1.1d", frozenset({"1.1d-4"})),
    Foreign("202 for 201, for everybody", _Accepted(), "1.3", unproven=frozenset({"1.3-1"})),
    Foreign("another's address", _AnothersAddress(), "1.3", frozenset({"1.3-5"}), frozenset({"1.3-4"})),
    Foreign("hibernation is refused", _Refuses("hibernate"), "1.4", frozenset({"1.4-1"}), frozenset({"1.4-2"})),
    Foreign("waking is refused", _Refuses("wake"), "1.4", frozenset({"1.4-3"}), frozenset({"1.4-4", "1.4-5"})),
]


@pytest.fixture(scope="module")
def target() -> Iterator[dict[str, str]]:
    with embedded(f"foreign-{os.getpid()}") as environment:
        yield environment


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda foreign: foreign.name.replace(" ", "-"))
def test_a_lie_turns_the_criterion_that_it_is_about(foreign: Foreign, target: dict[str, str], tmp_path: Path) -> None:
    (feature,) = Path("features/1_sessions").glob(f"{foreign.test}_*.feature")
    with proxied(target["STREAMSPACE_API_URL"], foreign.rule) as url:
        run = run_suite(target | {"STREAMSPACE_API_URL": url}, tmp_path, str(feature))
    assert run.of("FAILED") == foreign.failed, f"{run.reasons}\n{run.console}"
    assert run.of("UNPROVEN") >= foreign.unproven, f"{run.reasons}\n{run.console}"
    assert not run.of("BROKEN"), f"{run.reasons}\n{run.console}"
    assert run.status != 0
