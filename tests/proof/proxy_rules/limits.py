"""Proxy rules about gateways that put calls off, and stores that keep pages packed."""

import gzip
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.proof.json_rewriting import AGENTS, SESSIONS
from tests.proof.proxy import Reply, Rule
from tests.proof.proxy_rules.viewer_pages import is_page

SLOWER = b"<html><h1>429 Too Many Requests</h1></html>"


class PutsOff(Rule):
    """A gateway answers so many questions a second, and says at which moment it goes on; or (no `says_when`) not."""

    def __init__(self, most: int, *, says_when: bool = True) -> None:
        self._most = most
        self._says_when = says_when
        self._asked: list[float] = []

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != "GET" or not path.startswith((SESSIONS, AGENTS)):
            return None
        self._asked = [at for at in self._asked if time.monotonic() - at < 1.0]
        if len(self._asked) < self._most:
            self._asked.append(time.monotonic())
            return None
        now = datetime.now(UTC)
        headers = {"Date": _written(now), "Retry-After": _written(now + timedelta(seconds=1))}
        return Reply(429, "text/html", SLOWER, headers if self._says_when else {})


def _written(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


class PutsViewersOff(Rule):
    """A gateway lets no viewer in for some seconds after it was asked first, each time it is asked again meanwhile."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def refuses(self, path: str, offered: Sequence[str], *, browser: bool) -> Reply | None:
        now = time.monotonic()
        if path not in self._until or now < self._until[path]:
            self._until[path] = now + self._seconds
            return Reply(429, "text/html", SLOWER, {"Retry-After": f"{self._seconds + 1:.0f}"})
        return None


class KeepsPacked(Rule):
    """A store of files gives the viewer's page and its scripts packed to everybody, or something else in their name."""

    def __init__(self, *, well: bool = True) -> None:
        self._well = well

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or reply.status != 200 or not (is_page(path) or path.endswith((".js", ".css"))):
            return reply
        body = gzip.compress(reply.body) if self._well else reply.body
        return replace(reply, body=body, headers={**reply.headers, "Content-Encoding": "gzip"})
