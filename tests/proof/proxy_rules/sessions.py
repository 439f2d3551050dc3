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
            for session in json.loads(reply.body)["sessions"]:
                if session["status"] == "Running":
                    self._running.setdefault(session["sessionId"], time.monotonic())
        return reply

    def admits(self, path: str) -> bool:
        since = self._running.get(path.rpartition("/")[2])
        return since is not None and time.monotonic() - since > self._seconds


class NotConnectedAtFirst(Rule):
    """The API gives no address of a session until so many seconds after it was first called Running."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: float | None = None

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        is_early = self._running is None or time.monotonic() - self._running < self._seconds
        is_it = path.startswith(SESSIONS) and path.endswith("/connect")
        return refusal(409, "not_running", "The session is not running.") if is_it and is_early else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "GET" and path.startswith(SESSIONS) and b'"Running"' in reply.body:
            self._running = self._running or time.monotonic()
        return reply


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
    """The third and the fourth user get the address of one desktop: that of the one who asked first."""

    def __init__(self) -> None:
        self._first = ""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith("/connect") or not any(f"/{user}-" in path for user in ("user3", "user4")):
            return reply
        self._first = self._first or json.loads(reply.body)["url"]
        return altered(reply, url=self._first)


class CrossesAtOnce(Rule):
    """Viewers who request their addresses at the same time all get that of the first one."""

    def __init__(self) -> None:
        self._asking = 0
        self._first = ""

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        self._asking += path.endswith("/connect")
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith("/connect"):
            return reply
        crossed, self._asking = self._asking > 1, self._asking - 1
        self._first = self._first or json.loads(reply.body)["url"]
        return altered(reply, url=self._first) if crossed else reply


class OneDesktopForAUser(Rule):
    """The way to a desktop knows users alone: each further session of a user leads to the desktop of the first one."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def leads(self, path: str) -> str:
        address, _, query = path.partition("?")
        user = address.rpartition("/")[2].partition("-")[0]
        first = self._first.setdefault(user, address)
        return f"{first}?{query}" if query else first


class Refuses(Rule):
    def __init__(self, order: str) -> None:
        self._order = order

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        refused = (method, path.rpartition("/")[2]) == ("POST", self._order)
        return refusal(500, "internal", "out of order") if refused else None


class Gateway(Rule):
    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        return Reply(504, "text/html", b"<h1>Gateway Time-out</h1>") if (method, path) == ("POST", SESSIONS) else None


class TooMany(Rule):
    """The product's own refusal of all creations after the first few of a moment."""

    def __init__(self, accepted: int, moment: float = 1.0) -> None:
        self._accepted = accepted
        self._moment = moment
        self._made: list[float] = []

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if (method, path) != ("POST", SESSIONS):
            return None
        now = time.monotonic()
        self._made = [at for at in self._made if now - at < self._moment]
        if len(self._made) >= self._accepted:
            return refusal(429, "too_many_starts", "Too many sessions are starting; try again later.")
        self._made.append(now)
        return None


class RateLimit(Rule):
    """A gateway's limit of all calls, after so many of them."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        self._left -= 1
        return None if self._left >= 0 else Reply(429, "text/html", b"<h1>429 Too Many Requests</h1>")


class PageLate(Rule):
    """The viewer's page answers 502, or 404, for some seconds after its session was first called Running."""

    def __init__(self, seconds: float, status: int = 502) -> None:
        self._seconds, self._status = seconds, status
        self._running: float | None = None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", SESSIONS) and b'"Running"' in reply.body:
            self._running = self._running or time.monotonic()
        return reply

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        late = self._running is not None and time.monotonic() - self._running < self._seconds
        return Reply(self._status, "text/html", b"<h1>No desktop</h1>") if path.startswith("/vnc/") and late else None


class Forgets(Rule):
    """The product forgets each session some seconds after it was first called Running; its pod lives on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[str, float] = {}

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        about = path.removeprefix(f"{SESSIONS}/").partition("/")[0] if path.startswith(f"{SESSIONS}/") else ""
        return refusal(404, "session_not_found", "There is no such session.") if self._is_gone(about) else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", SESSIONS):
            return reply
        for session in json.loads(reply.body)["sessions"]:
            if session["status"] == "Running":
                self._running.setdefault(session["sessionId"], time.monotonic())
        return each_of(reply, "sessions", lambda session: None if self._is_gone(session["sessionId"]) else session)

    def _is_gone(self, session: str) -> bool:
        since = self._running.get(session)
        return since is not None and time.monotonic() - since > self._seconds


class StaysListed(Rule):
    """Deleted sessions stay in the list for a while, as they were."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, Json] = {}
        self._deleted: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "DELETE" and path.startswith(f"{SESSIONS}/") and reply.status < 300:
            self._deleted[path.rpartition("/")[2]] = time.monotonic()
        if (method, path) != ("GET", SESSIONS):
            return reply
        listed = json.loads(reply.body)["sessions"]
        self._known |= {session["sessionId"]: session for session in listed}
        ids = {session["sessionId"] for session in listed}
        kept = [session for session, at in self._deleted.items() if time.monotonic() - at < self._seconds]
        return altered(
            reply, sessions=[*listed, *(self._known[session_id] for session_id in kept if session_id not in ids)]
        )


class Twice(Rule):
    """Every session that is asked for is made twice."""

    def times(self, method: str, path: str) -> int:
        return 2 if (method, path) == ("POST", SESSIONS) else 1


class Slow(Rule):
    """A healthy product at the end of a slow line."""

    delay = 0.3


class LongLine(Rule):
    """A healthy product at the end of a line on which each way takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.delay = seconds

    def lateness(self, method: str, path: str) -> float:
        return self.delay  # the request's way; the answer's is the delay itself


class Contradicts(Rule):
    """The list and the answer about a single session disagree: one of them never says Running."""

    def __init__(self, *, listed: bool) -> None:
        self._listed = listed

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or reply.status != 200:
            return reply
        if path == SESSIONS and self._listed:
            return each_of(reply, "sessions", self._pending)
        if path.startswith(f"{SESSIONS}/") and path.count("/") == 4 and not self._listed:
            return altered(reply, **self._pending(json.loads(reply.body)))
        return reply

    @staticmethod
    def _pending(session: Json) -> Json:
        return session | {"status": "Pending"} if session["status"] == "Running" else session


class Creates(Rule):
    """The answer to a creation, and nothing else, has other values."""

    def __init__(self, **changes: object) -> None:
        self._changes = changes

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return altered(reply, **self._changes) if (method, path) == ("POST", SESSIONS) else reply


class Address(Rule):
    """The address of each desktop is another one; {path} is the path of the right one."""

    def __init__(self, address: str) -> None:
        self._address = address

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith("/connect") or reply.status != 200:
            return reply
        _, slashes, rest = json.loads(reply.body)["url"].partition("//")
        return altered(reply, url=self._address.replace("{path}", (slashes and rest).partition("/")[2]))


class FailsNowAndThen(Rule):
    """Each so-manieth answer to a GET is the product's own 500."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._asked = 0

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        self._asked += method == "GET" and path.startswith(SESSIONS)
        fails = method == "GET" and path.startswith(SESSIONS) and self._asked % self._every == 0
        return refusal(500, "internal", "The database did not answer.") if fails else None


class OnlySays(Rule):
    """An order is accepted, and nothing is done; `after` some orders that were carried out."""

    def __init__(self, method: str, end: str, answer: Json, after: int = 0) -> None:
        self._method, self._end = method, end
        self._answer = answer
        self._left = after

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != self._method or not path.startswith(f"{SESSIONS}/") or not path.endswith(self._end):
            return None
        self._left -= 1
        return Reply(202, "application/json", json.dumps(self._answer).encode()) if self._left < 0 else None


class SharesOne(Rule):
    """A creation for one user is answered with the session of the user before."""

    def __init__(self, user: str) -> None:
        self._user = user
        self._last: Reply | None = None

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        is_it = (method, path) == ("POST", SESSIONS) and json.loads(body)["user"] == self._user
        return self._last if is_it else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path, reply.status) == ("POST", SESSIONS, 201):
            self._last = reply
        return reply


class KnowsOnePlan(Rule):
    """The product knows the sizes that are too large by two figures of its own, whatever its nodes have."""

    def __init__(self, cores: int, gibibytes: int) -> None:
        self._cores, self._gibibytes = cores, gibibytes

    def asks(self, path: str, body: bytes) -> tuple[str, bytes]:
        asked = json.loads(body) if path == SESSIONS and body else {}
        size = asked.get("resources") or {}
        cpu, memory = size.get("cpu", "0m").removesuffix("m"), size.get("memory", "0Gi").removesuffix("Gi")
        if not size or int(cpu) > 1000 * self._cores or int(memory) > self._gibibytes:
            return path, body
        return path, json.dumps(asked | {"resources": {"cpu": "500m", "memory": "1Gi"}}).encode()


class WakingHibernates(Rule):
    """Who wakes one session hibernates another one that runs."""

    def __init__(self) -> None:
        self._running: list[str] = []
        self._turns = 0

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", SESSIONS):
            listed = json.loads(reply.body)["sessions"]
            self._running = [session["sessionId"] for session in listed if session["status"] == "Running"]
        return reply

    def times(self, method: str, path: str) -> int:
        return 2 if method == "POST" and path.endswith("/wake") and self._running else 1

    def asks(self, path: str, body: bytes) -> tuple[str, bytes]:
        if not path.endswith("/wake"):
            return path, body
        self._turns += 1
        return (f"{SESSIONS}/{self._running[0]}/hibernate" if self._turns % 2 and self._running else path), body
