"""Proxy rules that change the content of certain answers, by a function of what the API has answered."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

from tests.proof.json_rewriting import AGENTS, SESSIONS, TEMPLATES, Json, altered, each_of, refusal
from tests.proof.proxy import Reply, Rule

Change = Callable[[Json], Json | None]


class Answers(Rule):
    """Answers to one call become others: by status, or by a change of their object. `status`: only of those."""

    def __init__(
        self,
        method: str,
        path: str,
        change: Change | None = None,
        *,
        becomes: int | None = None,
        status: int | None = None,
        once: bool = False,
    ) -> None:
        self._method, self._path, self._change = method, re.compile(path), change
        self._becomes, self._status = becomes, status
        self._left = 1 if once else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != self._method or not self._path.fullmatch(path) or self._left == 0:
            return reply
        if self._status not in (None, reply.status):
            return reply
        if self._left is not None:
            self._left -= 1
        if self._change is not None:
            reply = replace(reply, body=json.dumps(self._change(json.loads(reply.body))).encode())
        return replace(reply, status=self._becomes or reply.status)


class Refuses(Rule):
    """A call is answered by an error of the API's own, whatever it is about."""

    def __init__(self, method: str, path: str) -> None:
        self._method, self._path = method, re.compile(path)

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        is_it = method == self._method and self._path.fullmatch(path)
        return refusal(500, "internal", "Something went wrong.") if is_it else None


class OfKind(Rule):
    """Objects of one kind read otherwise: in the list, alone, or in both; None leaves one out of the list."""

    path, field = "", ""

    def __init__(self, change: Change, *, listed: bool = True, alone: bool = True) -> None:
        self._change = change
        self._listed = listed
        self._alone = alone

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or reply.status != 200:
            return reply
        if path == self.path and self._listed:
            return each_of(reply, self.field, self._change)
        if re.fullmatch(f"{self.path}/[^/]+", path) and self._alone:
            changed = self._change(json.loads(reply.body))
            unknown = refusal(404, "not_found", "There is no such object.")
            return unknown if changed is None else replace(reply, body=json.dumps(changed).encode())
        return reply


class OfSessions(OfKind):
    path, field = SESSIONS, "sessions"


class OfTemplates(OfKind):
    path, field = TEMPLATES, "templates"


class OfAgents(OfKind):
    path, field = AGENTS, "agents"


class AfterAnOutage(OfSessions):
    """Sessions read otherwise once an agent that was offline is online again."""

    def __init__(self, change: Change) -> None:
        super().__init__(lambda session: change(session) if self._is_over else session)
        self._seen: set[str] = set()
        self._lost: set[str] = set()
        self._is_over = False

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", AGENTS) and reply.status == 200:
            for agent in json.loads(reply.body)["agents"]:
                self._note(agent["agentId"], agent["status"])
        return super().alter(method, path, reply)

    def _note(self, agent: str, status: str) -> None:
        """Agents of an earlier run may be offline all the time; they say nothing."""
        if status == "online":
            self._seen.add(agent)
            self._is_over = self._is_over or agent in self._lost
        elif agent in self._seen:
            self._lost.add(agent)


class NeverOffline(OfAgents):
    """An agent that was online once is online for ever."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

        def kept(agent: Json) -> Json:
            if agent["status"] == "online":
                self._seen.add(agent["agentId"])
            return agent | {"status": "online"} if agent["agentId"] in self._seen else agent

        super().__init__(kept)


class AfterOffline(OfAgents):
    """An agent reads otherwise once it was offline and is online again."""

    def __init__(self, change: Change) -> None:
        self._were: set[str] = set()

        def later(agent: Json) -> Json | None:
            if agent["status"] == "offline":
                self._were.add(agent["agentId"])
            back = agent["status"] == "online" and agent["agentId"] in self._were
            return change(agent) if back else agent

        super().__init__(later)


class SilentOnceBack(AfterOffline):
    """An agent that was offline and is online again has its first heartbeat since then for good."""

    def __init__(self) -> None:
        first: dict[str, str] = {}
        super().__init__(
            lambda agent: agent | {"lastHeartbeat": first.setdefault(agent["agentId"], agent["lastHeartbeat"])}
        )


class Nth(OfAgents):
    """The n-th agent of the list reads otherwise, as long as there are so many."""

    def __init__(self, number: int, change: Change) -> None:
        super().__init__(lambda agent: agent)
        self._number = number
        self._change_one = change

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", AGENTS) or reply.status != 200:
            return reply
        agents = json.loads(reply.body)["agents"]
        online = [agent["agentId"] for agent in agents if agent["status"] == "online"]
        chosen = online[self._number - 1] if len(online) >= self._number else None
        changed = [self._change_one(agent) if agent["agentId"] == chosen else agent for agent in agents]
        return altered(reply, agents=[agent for agent in changed if agent is not None])


class Lasts(OfSessions):
    """A status is shown for so many seconds, and then another one."""

    def __init__(self, word: str, seconds: float, later: str) -> None:
        self._since: dict[str, float] = {}

        def worn(session: Json) -> Json:
            if session["status"] != word:
                return session
            since = self._since.setdefault(session["sessionId"], time.monotonic())
            return session if time.monotonic() - since <= seconds else session | {"status": later}

        super().__init__(worn)


class Flaps(OfSessions):
    """In the list, a session that runs is Pending at every second look."""

    def __init__(self) -> None:
        self._looks: dict[str, int] = {}

        def flapping(session: Json) -> Json:
            if session["status"] != "Running":
                return session
            looks = self._looks[session["sessionId"]] = self._looks.get(session["sessionId"], 0) + 1
            return session if looks % 2 else session | {"status": "Pending"}

        super().__init__(flapping, alone=False)


class Woken(OfSessions):
    """Sessions read otherwise from the moment on at which their waking is accepted."""

    def __init__(self, change: Change, *, listed: bool = True, alone: bool = True) -> None:
        self._woken: set[str] = set()
        super().__init__(
            lambda session: change(session) if session["sessionId"] in self._woken else session,
            listed=listed,
            alone=alone,
        )

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "POST" and path.endswith("/wake") and reply.status < 300:
            self._woken.add(path.split("/")[-2])
        return super().alter(method, path, reply)


class Newest(Rule):
    """The list of templates holds the one that was made last only as long as nobody has read it."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "GET" and re.fullmatch(f"{TEMPLATES}/[^/]+", path):
            self._read.add(path.rpartition("/")[2])
        if (method, path) == ("GET", TEMPLATES) and reply.status == 200:
            return each_of(reply, "templates", lambda found: None if found["id"] in self._read else found)
        return reply


class ThirdIsSilent(Nth):
    """The third agent that is online has the heartbeat with which it came for good."""

    def __init__(self) -> None:
        first: dict[str, str] = {}
        super().__init__(
            3, lambda agent: agent | {"lastHeartbeat": first.setdefault(agent["agentId"], agent["lastHeartbeat"])}
        )


class Third(OfAgents):
    """The third agent is listed under the id of the second."""

    def __init__(self) -> None:
        super().__init__(lambda agent: agent)

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", AGENTS) or reply.status != 200:
            return reply
        agents = json.loads(reply.body)["agents"]
        online = [agent["agentId"] for agent in agents if agent["status"] == "online"]
        names = {online[2]: online[1]} if len(online) > 2 else {}
        changed = [agent | {"agentId": names.get(agent["agentId"], agent["agentId"])} for agent in agents]
        return altered(reply, agents=changed)


class AcceptsMistakes(Rule):
    """Templates with a certain mistake are accepted, by the answer alone."""

    def __init__(self, is_mistaken: Callable[[Json], bool]) -> None:
        self._is_mistaken = is_mistaken

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if (method, path) != ("POST", TEMPLATES):
            return None
        asked = json.loads(body)
        if not isinstance(asked, dict) or not self._is_mistaken(asked):
            return None
        made = {**asked, "id": asked.get("name"), "version": 1}
        return Reply(201, "application/json", json.dumps(made).encode())


class Forgetful(Rule):
    """A template reads as it was first, whatever changed: alone, or in the list."""

    def __init__(self, *fields: str, listed: bool = False) -> None:
        self._fields = fields
        self._first: dict[str, Json] = {}
        self._listed = listed

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "POST" and path == TEMPLATES and reply.status == 201:
            self._keep(json.loads(reply.body))
        if method == "GET" and reply.status == 200:
            if path == TEMPLATES and self._listed:
                return each_of(reply, "templates", self._as_first)
            if re.fullmatch(f"{TEMPLATES}/[^/]+", path) and not self._listed:
                return altered(reply, **self._as_first(json.loads(reply.body)))
        return reply

    def _keep(self, template: Json) -> None:
        self._first[template["id"]] = {field: template[field] for field in self._fields}

    def _as_first(self, template: Json) -> Json:
        return template | self._first.get(template["id"], {})


class RefusesOnce(Rule):
    """The first deletion of each template is refused, although nobody uses it."""

    def __init__(self) -> None:
        self._refused: set[str] = set()
        self._used: set[str] = set()

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method != "DELETE" or not path.startswith(f"{TEMPLATES}/") or path in self._refused:
            return None
        self._refused.add(path)
        return refusal(409, "template_in_use", "Template in use by 1 sessions")


class OldHistory(Rule):
    """The history of a deleted template is that of the next one of its name as well."""

    def __init__(self) -> None:
        self._deleted: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = path.removeprefix(f"{TEMPLATES}/").partition("/")[0]
        if method == "DELETE" and path.startswith(TEMPLATES) and reply.status < 300:
            self._deleted.add(name)
        if method == "GET" and path.endswith("/versions") and reply.status == 200 and name in self._deleted:
            versions = json.loads(reply.body)["versions"]
            later = [version | {"version": version["version"] + len(versions)} for version in versions]
            return altered(reply, versions=[*versions, *later])
        if (method, path) == ("POST", TEMPLATES) and reply.status == 201:
            made = json.loads(reply.body)
            return altered(reply, version=2) if made["id"] in self._deleted else reply
        return reply


class ListedLate(Rule):
    """The list at a path is that of the question before."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._before: Reply | None = None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", self._path) or reply.status != 200:
            return reply
        before, self._before = self._before or reply, reply
        return before
