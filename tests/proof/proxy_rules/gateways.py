"""Proxy rules about what gateways do to the calls of a healthy product: caches, ids of requests, logins, lock-outs."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

from tests.proof.json_rewriting import SESSIONS, TEMPLATES, Json, refusal
from tests.proof.proxy import Reply, Rule

API = "/api/v1/"
LOGIN = "/auth/login"
UNAUTHORIZED, FOUND = 401, 302


class NumbersRequests(Rule):
    """A gateway gives each request an id of its own, as Envoy does, or (None) the product tells of none."""

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.startswith(SESSIONS) or reply.status >= 300 or b'"requestId"' not in reply.body:
            return reply
        found = json.loads(reply.body)
        for session in found.get("sessions", [found]):
            told = session.pop("requestId", None)
            if self._keeps:
                session["requestId"] = str(uuid.uuid5(uuid.NAMESPACE_OID, str(told)))
        return replace(reply, body=json.dumps(found).encode())


class Cache(Rule):
    """Good answers about sessions and templates are given again for a moment."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Reply]] = {}

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        at, reply = self._kept.get(path, (0.0, None))
        return reply if method == "GET" and time.monotonic() - at < self._seconds else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        cached = path.startswith((SESSIONS, TEMPLATES)) and not path.endswith("/connect")
        if method == "GET" and cached and reply.status == 200:
            self._kept[path] = time.monotonic(), reply
        return reply


class OneIsBehind(Rule):
    """Two servers answer questions about sessions, or those below another path, in turn.

    One of them tells what was so many seconds ago.
    """

    def __init__(self, seconds: float, below: str = SESSIONS) -> None:
        self._seconds = seconds
        self._below = below
        self._told: dict[str, list[tuple[float, Reply]]] = {}
        self._asked = 0

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not path.startswith(self._below) or path.endswith("/connect"):
            return reply
        now, told = time.monotonic(), self._told.setdefault(path, [])
        told.append((now, reply))
        earlier = [kept for at, kept in told if now - at >= self._seconds]
        self._asked += 1
        return earlier[-1] if earlier and self._asked % 2 else reply


class LeadsToLogin(Rule):
    """Who brings no valid token is led to the page at which one logs in, which may be on another server."""

    def __init__(self, server: str = "/login") -> None:
        self._server = server

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if reply.status != UNAUTHORIZED or path.endswith("/login"):
            return reply
        return Reply(FOUND, "text/html", b'<a href="/login">Found</a>', {"Location": f"{self._server}?next={path}"})


class _KnowsTheLastLogin(Rule):
    """Remembers the token of the last login."""

    def __init__(self) -> None:
        self._last = ""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if path.endswith(LOGIN) and reply.status == 200:
            self._last = json.loads(reply.body)["token"]
        return reply


class OneLoginAtATime(_KnowsTheLastLogin):
    """Each login ends the one before: the API knows the token of the last one alone."""

    def denies(self, method: str, path: str, token: str) -> Reply | None:
        is_over = bool(self._last) and token not in ("", self._last)
        calls = path.startswith(API) and not path.endswith(LOGIN)
        return refusal(UNAUTHORIZED, "unauthorized", "The token is not valid.") if is_over and calls else None


class LogsInAsAnybody(_KnowsTheLastLogin):
    """Each login gives the token of an ordinary user, the administrator's too."""

    def denies(self, method: str, path: str, token: str) -> Reply | None:
        is_ordinary = bool(self._last) and token == self._last
        is_forbidden = is_ordinary and path.startswith(TEMPLATES) and method != "GET"
        return refusal(403, "forbidden", "Only administrators may change templates.") if is_forbidden else None


class LocksOutCallers(Rule):
    """After some refused tokens, the product answers none of its callers' calls for a while, and says so."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._refused: list[float] = []

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        recent = [at for at in self._refused if time.monotonic() - at < self._seconds]
        if not path.startswith(API) or len(recent) < self._most:
            return None
        return refusal(429, "too_many_failures", "Too many requests without a valid token; try again later.")

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if reply.status == UNAUTHORIZED:
            self._refused.append(time.monotonic())
        return reply


class Pages(Rule):
    """Lists come in pages of so many entries, each with the address of the next one; or (no address) without it.

    `in_header`: the address stands in the header Link. `tells`: what stands in its place in each page, of the number of
    its first entry, of the size of a page and of the number of all.
    """

    def __init__(
        self,
        size: int,
        *,
        leads_on: bool = True,
        in_header: bool = False,
        tells: Callable[[int, int, int], Json] | None = None,
    ) -> None:
        self._size = size
        self._leads_on = leads_on and tells is None
        self._in_header = in_header
        self._tells = tells

    def page_instead(self, path: str, query: str) -> Reply | None:
        asked = dict(parse_qsl(query))
        page = int(asked.get("page", 1)) - 1
        self._offset = int(asked.get("offset", asked.get("cursor", page * self._size)))
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) not in (("GET", SESSIONS), ("GET", TEMPLATES)) or reply.status != 200:
            return reply
        found: Json = json.loads(reply.body)
        name = "sessions" if path == SESSIONS else "templates"
        entries, offset = found[name], self._offset
        found |= {name: entries[offset : offset + self._size], "total": len(entries)}
        later = offset + self._size
        following = f"{path}?offset={later}" if self._leads_on and later < len(entries) else None
        if self._in_header:
            headers = {"Link": f'<{following}>; rel="next"'} if following else {}
            return replace(reply, body=json.dumps(found).encode(), headers=headers)
        found |= {"next": following} if self._leads_on else {}
        found |= {} if self._tells is None else self._tells(offset, self._size, len(entries))
        return replace(reply, body=json.dumps(found).encode())


def by_number(first: int, size: int, total: int) -> Json:
    return {"pagination": {"page": first // size + 1, "totalPages": -(-total // size)}}


def by_size(first: int, size: int, total: int) -> Json:
    return {"page": first // size + 1, "page_size": size, "total": total}


def by_offset(first: int, size: int, total: int) -> Json:
    return {"meta": {"offset": first, "limit": size, "total": total}}


def by_cursor(first: int, size: int, total: int) -> Json:
    return {"nextCursor": str(first + size) if first + size < total else None}
