"""Proxy rules that say the same in another way: other JSON, other times, other headers, other addresses."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.proof.json_rewriting import SESSIONS, altered
from tests.proof.proxy import Reply, Rule
from tests.proof.proxy_rules.viewer_pages import PAGE, SCRIPT, is_page

JSON = "application/json"
LISTS = ("sessions", "templates", "versions", "agents")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Reworded(Rule):
    """Every object has more fields, lists are in another order, and the JSON is indented."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not reply.content_type.startswith(JSON) or not reply.body:
            return reply
        text = json.dumps(_more(json.loads(reply.body)), indent=2, ensure_ascii=False) + "\n"
        headers = {"Server": "nginx", "Set-Cookie": "trace=1; Path=/", "Vary": "*"}
        return replace(reply, content_type=f"{JSON}; charset=UTF-8", body=text.encode(), headers=headers)


def _more(value: Any) -> Any:
    if isinstance(value, dict):
        more: dict[str, Any] = {"_links": {"self": {"href": "/there"}}, "tags": [], "deletedAt": None, "größe": 1.5}
        return more | {name: _more(item) for name, item in reversed(value.items())}
    return [_more(item) for item in reversed(value)] if isinstance(value, list) else value


class BareLists(Rule):
    """Each list is the whole answer. `tests/proof/profiles/bare-lists.toml` describes that."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not reply.content_type.startswith(JSON):
            return reply
        body = json.loads(reply.body)
        field = next((name for name in LISTS if isinstance(body, dict) and isinstance(body.get(name), list)), None)
        return reply if field is None else replace(reply, body=json.dumps(body[field]).encode())


class Times(Rule):
    """Every time in an answer is written by `write`."""

    def __init__(self, write: Callable[[datetime], str]) -> None:
        self._write = write

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not reply.content_type.startswith(JSON):
            return reply
        text = TIME.sub(lambda found: self._write(datetime.fromisoformat(found[0])), reply.body.decode())
        return replace(reply, body=text.encode())


def nanoseconds(moment: datetime) -> str:
    """As Go writes it, with nine digits after the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}123Z"


def whole_seconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def elsewhere(moment: datetime) -> str:
    """The same moment by the clocks of a place five and a half hours ahead."""
    return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


def behind(seconds: float) -> Callable[[datetime], str]:
    """The time of a clock that is slow by so many seconds; fast by as many where they are negative."""
    return lambda moment: (moment - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class BelowAPath(Rule):
    """The product is served below a path, and says so in the addresses that it gives."""

    base = "/streamspace"

    def __init__(self, *, finds_its_socket: bool = True) -> None:
        self._places = "api|viewer|novnc" if finds_its_socket else "viewer|novnc"

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if path.startswith(SESSIONS) and path.endswith("/connect") and reply.status == 200:
            return altered(reply, url=json.loads(reply.body)["url"].replace(PAGE, self.base + PAGE))
        if is_page(path) or path.endswith(SCRIPT):
            text = re.sub(rf"(?<=[\"'`])/(?=({self._places})/)", f"{self.base}/", reply.body.decode())
            return replace(reply, body=text.encode())
        return reply


class Headers(Rule):
    """Every answer has these headers too."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return replace(reply, headers={**reply.headers, **self._headers})


class LeadsOn(Rule):
    """The address of a session leads on to its page: by a redirection, or (200) by a page that goes on by itself."""

    def __init__(self, status: int) -> None:
        self._status = status

    def page_instead(self, path: str, query: str) -> Reply | None:
        if not is_page(path) or "on=1" in query:
            return None
        address = f"{path}?{query}&on=1"
        page = f'<!doctype html><meta http-equiv="refresh" content="0;url={address}"><p>One moment, please'
        headers = {"Location": address} if self._status != 200 else {}
        return Reply(self._status, "text/html", page.encode(), headers)


class StatusWords(Rule):
    """Some statuses of sessions are other words, those that no criterion names."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not path.startswith(SESSIONS) or reply.status != 200:
            return reply
        found = json.loads(reply.body)
        for session in found.get("sessions", [found]):
            if "status" in session:
                session["status"] = self._words.get(session["status"], session["status"])
        return replace(reply, body=json.dumps(found).encode())


class Answers(Rule):
    """Answers to one call have another status of the same meaning."""

    def __init__(self, method: str, path: str, status: int) -> None:
        self._method, self._path, self._status = method, re.compile(path), status

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != self._method or not self._path.fullmatch(path) or reply.status >= 300:
            return reply
        return replace(reply, status=self._status)
