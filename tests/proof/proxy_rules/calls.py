"""Proxy rules about single calls: late, limited, said twice, and answers as other languages and servers give them."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

from tests.proof.json_rewriting import SESSIONS, TEMPLATES, Json, refusal
from tests.proof.proxy import Reply, Rule
from tests.proof.proxy_rules.answers import OfSessions


class Late(Rule):
    """The answers to one call come so many seconds later."""

    def __init__(self, method: str, path: str, seconds: float) -> None:
        self._method, self._path, self._seconds = method, re.compile(path), seconds

    def lateness(self, method: str, path: str) -> float:
        return self._seconds if method == self._method and self._path.fullmatch(path) else 0.0


class Cuts(Rule):
    """Answers to questions about sessions end in the middle: each so-manieth, or (`once`) one alone."""

    def __init__(self, every: int, *, once: bool = False) -> None:
        self._every, self._once, self._count = every, once, 0

    def cuts(self, method: str, path: str) -> bool:
        self._count += method == "GET" and path.startswith(SESSIONS)
        is_question = method == "GET" and path.startswith(SESSIONS)
        return is_question and (self._count == self._every if self._once else self._count % self._every == 0)


class HalfOf(Rule):
    """Each so-manieth answer about sessions is half of the JSON, and complete for HTTP."""

    def __init__(self, every: int) -> None:
        self._every, self._count = every, 0

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not path.startswith(SESSIONS):
            return reply
        self._count += 1
        return replace(reply, body=reply.body[: len(reply.body) // 2]) if self._count % self._every == 0 else reply


class OnceMore(Rule):
    """The API hears of each creation once more, so many seconds later."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def echo(self, method: str, path: str) -> float | None:
        return self._seconds if (method, path) == ("POST", SESSIONS) else None


class LimitsQuestions(Rule):
    """The product answers so many questions a second at one address, and names the time after which it goes on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: dict[str, list[float]] = {}

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != "GET" or not path.startswith(SESSIONS):
            return None
        recent = [at for at in self._asked.get(path, ()) if time.monotonic() - at < 1.0]
        self._asked[path] = recent
        if len(recent) >= self._most:
            return replace(refusal(429, "too_many_questions", "Ask less often."), headers={"Retry-After": "1"})
        recent.append(time.monotonic())
        return None


class RefusesEverySecond(Rule):
    """Each second request of one call is refused by the product's own 500."""

    def __init__(self, method: str, path: str) -> None:
        self._method, self._path, self._count = method, re.compile(path), 0

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != self._method or not self._path.fullmatch(path):
            return None
        self._count += 1
        return None if self._count % 2 else refusal(500, "internal", "The database did not answer.")


class EverySecond(Rule):
    """Each second answer to one call has another object."""

    def __init__(self, method: str, path: str, body: Json) -> None:
        self._method, self._path, self._body, self._count = method, re.compile(path), body, 0

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != self._method or not self._path.fullmatch(path):
            return reply
        self._count += 1
        return reply if self._count % 2 else replace(reply, body=json.dumps(self._body).encode())


class SaysSoAtOnce(OfSessions):
    """A command is accepted and its status told at once; it is carried out so many seconds later."""

    def __init__(self, command: str, status: str, seconds: float) -> None:
        self._command, self._status, self._seconds = command, status, seconds
        self._last: dict[str, str] = {}

        def told(session: Json) -> Json:
            return session | {"status": status} if self._last.get(session["sessionId"]) == command else session

        super().__init__(told)

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != "POST" or not path.startswith(f"{SESSIONS}/"):
            return None
        *_, session, command = path.split("/")
        self._last[session] = command
        accepted = Reply(202, "application/json", json.dumps({"sessionId": session, "status": self._status}).encode())
        return accepted if command == self._command else None

    def echo(self, method: str, path: str) -> float | None:
        is_it = method == "POST" and path.startswith(f"{SESSIONS}/") and path.endswith(f"/{self._command}")
        return self._seconds if is_it else None


class Bodies(Rule):
    """The bodies of the API's JSON are written by `write`."""

    def __init__(self, write: Callable[[bytes], bytes]) -> None:
        self._write = write

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return replace(reply, body=self._write(reply.body)) if reply.body.startswith(b"{") else reply


def null_for_an_empty_list(body: bytes) -> bytes:
    """As Go writes a slice that holds nothing."""
    return json.dumps({name: None if value == [] else value for name, value in json.loads(body).items()}).encode()


def with_byte_order_mark(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + body


class Registries(Rule):
    """Images are told with the registry that Docker takes by default."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.startswith((SESSIONS, TEMPLATES)) or reply.status >= 300:
            return reply
        return replace(reply, body=reply.body.replace(b'"streamspace/', b'"docker.io/streamspace/'))


class WithoutContent(Rule):
    """Each accepted command of one kind is answered by a status alone."""

    def __init__(self, command: str, status: int) -> None:
        self._command, self._status = command, status

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        is_it = method == "POST" and path.startswith(f"{SESSIONS}/") and path.endswith(f"/{self._command}")
        return replace(reply, status=self._status, body=b"") if is_it and reply.status < 300 else reply


class KnowsUsers(Rule):
    """The product makes sessions for users that it knows alone."""

    def __init__(self, *users: str) -> None:
        self._users = users

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if (method, path) != ("POST", SESSIONS) or json.loads(body).get("user") in self._users:
            return None
        return refusal(404, "user_not_found", f"There is no user {json.loads(body).get('user')!r}.")
