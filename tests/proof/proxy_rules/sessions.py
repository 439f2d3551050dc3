"""Proxy rules about sessions: how they are made, whether they run, and whether one gets to their desktops."""

import json
import time
from dataclasses import replace

from tests.proof.json_rewriting import SESSIONS, Json, altered, each_of, refusal
from tests.proof.proxy import Reply, Rule

FALL_BACK_AFTER = 5  # polls: the suite has then seen the session run


class Accepted(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return replace(reply, status=202) if (method, path) == ("POST", SESSIONS) else reply


class InventedId(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        made = (method, path) == ("POST", SESSIONS)
        return altered(reply, sessionId="testuser-firefox-browser-0000") if made else reply


class GivesNoReason(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        refused = (method, path, reply.status) == ("POST", SESSIONS, 422)
        return altered(reply, message="The request is invalid.") if refused else reply


class FallsBack(Rule):
    """A session that has been Running for some polls of the list says something else from then on."""

    def __init__(self, word: str, after: int = FALL_BACK_AFTER) -> None:
        self._word = word
        self._after = after
        self._seen: dict[str, int] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", SESSIONS):
            return each_of(reply, "sessions", self._counted)
        if method == "GET" and path.startswith(f"{SESSIONS}/") and reply.status == 200 and path.count("/") == 4:
            return replace(reply, body=json.dumps(self._worsened(json.loads(reply.body))).encode())
        return reply

    def _counted(self, session: Json) -> Json:
        if session["status"] == "Running":
            self._seen[session["sessionId"]] = self._seen.get(session["sessionId"], 0) + 1
        return self._worsened(session)

    def _worsened(self, session: Json) -> Json:
        over = session["status"] == "Running" and self._seen.get(session["sessionId"], 0) > self._after
        return session | {"status": self._word} if over else session


class NoDesktopAtFirst(Rule):
    """Nobody gets to the desktop of a session until so many seconds after it was first called Running."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", SESSIONS):
            for each in json.loads(reply.body)["sessions"]:
                if each["status"] == "Running":
                    self._running.setdefault(each["sessionId"], time.monotonic())
        return reply

    def admits(self, path: str) -> bool:
        since = self._running.get(path.rpartition("/")[2])
        return since is not None and time.monotonic() - since > self._seconds


class DesktopOnce(Rule):
    """Who has been at a session's desktop does not get there again: the way to it is lost with the session's pod."""

    def __init__(self) -> None:
        self._been: set[str] = set()

    def admits(self, path: str) -> bool:
        is_first = path not in self._been
        self._been.add(path)
        return is_first


class NoAddress(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return altered(reply, url="/vnc") if path.endswith("/connect") else reply


class AnothersAddress(Rule):
    """The second user gets the address of the first one's desktop."""

    def __init__(self) -> None:
        self._first = ""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if path.endswith("/connect") and "/user1-" in path:
            self._first = json.loads(reply.body)["url"]
        return altered(reply, url=self._first) if path.endswith("/connect") and "/user2-" in path else reply


class Refuses(Rule):
    def __init__(self, order: str) -> None:
        self._order = order

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        refused = (method, path.rpartition("/")[2]) == ("POST", self._order)
        return refusal(500, "internal", "out of order") if refused else None


class Gateway(Rule):
    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        return Reply(504, "text/html", b"<h1>Gateway Time-out</h1>") if (method, path) == ("POST", SESSIONS) else None


class Twice(Rule):
    """Every session that is asked for is made twice."""

    def times(self, method: str, path: str) -> int:
        return 2 if (method, path) == ("POST", SESSIONS) else 1


class Slow(Rule):
    """A healthy product at the end of a slow line."""

    delay = 0.3
