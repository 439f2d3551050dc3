"""Proxy rules about agents."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

from tests.proof.json_rewriting import AGENTS, SESSIONS, Json, altered, each_of, refusal
from tests.proof.proxy import Reply, Rule


class _OfAgents(Rule):
    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", AGENTS) or reply.status != 200:
            return reply
        return altered(reply, agents=self.listed([dict(agent) for agent in json.loads(reply.body)["agents"]]))

    def listed(self, agents: list[Json]) -> list[Json]:
        return agents


class HoursAgo(_OfAgents):
    """The time of another place, called UTC."""

    def listed(self, agents: list[Json]) -> list[Json]:
        def earlier(text: str) -> str:
            return (datetime.fromisoformat(text) - timedelta(hours=2)).isoformat().replace("+00:00", "Z")

        return [agent | {"lastHeartbeat": earlier(agent["lastHeartbeat"])} for agent in agents]


class StaysTwice(_OfAgents):
    """An agent that has come back is listed beside what it was before."""

    def __init__(self) -> None:
        self._gone: dict[str, Json] = {}

    def listed(self, agents: list[Json]) -> list[Json]:
        for agent in agents:
            if agent["status"] == "offline":
                self._gone[agent["agentId"]] = agent
        back = [agent for agent in agents if agent["status"] == "online" and agent["agentId"] in self._gone]
        return [*agents, *(self._gone[agent["agentId"]] for agent in back)]


class OnlineNowAndThen(_OfAgents):
    """At each second question, no agent is online."""

    def __init__(self) -> None:
        self._asked = 0

    def listed(self, agents: list[Json]) -> list[Json]:
        self._asked += 1
        return agents if self._asked % 2 else [agent | {"status": "offline"} for agent in agents]


class HeartbeatStandsStill(_OfAgents):
    """The time of the last heartbeat is that of the first one, for good."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def listed(self, agents: list[Json]) -> list[Json]:
        return [
            agent | {"lastHeartbeat": self._first.setdefault(agent["agentId"], agent["lastHeartbeat"])}
            for agent in agents
        ]


class EverySecondHeartbeat(_OfAgents):
    """The API tells of every second heartbeat alone."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._last: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def listed(self, agents: list[Json]) -> list[Json]:
        for agent in agents:
            agent_id, beat = agent["agentId"], agent["lastHeartbeat"]
            if self._last.get(agent_id) != beat:
                self._last[agent_id] = beat
                self._count[agent_id] = self._count.get(agent_id, 0) + 1
            if self._count[agent_id] % 2:
                self._told[agent_id] = self._last[agent_id]
        return [agent | {"lastHeartbeat": self._told[agent["agentId"]]} for agent in agents]


class AlwaysNow(_OfAgents):
    """The time of the last heartbeat is that of the question."""

    def listed(self, agents: list[Json]) -> list[Json]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [agent | {"lastHeartbeat": now} for agent in agents]


class CountedHeartbeats(_OfAgents):
    """The time of the last heartbeat is a number: so many units a second since the epoch, and `late` seconds before."""

    def __init__(self, units: int, late: float = 0.0) -> None:
        self._units, self._late = units, late

    def listed(self, agents: list[Json]) -> list[Json]:
        def counted(text: str) -> int:
            return round((datetime.fromisoformat(text).timestamp() - self._late) * self._units)

        return [agent | {"lastHeartbeat": counted(agent["lastHeartbeat"])} for agent in agents]


class Ghost(_OfAgents):
    """An agent that was never there is listed online."""

    def listed(self, agents: list[Json]) -> list[Json]:
        return [
            *agents,
            *(agent | {"agentId": "streamspace-k8s-agent-7f9c-ghost", "sessions": 0} for agent in agents[:1]),
        ]


class Lingers(_OfAgents):
    """An agent that was online once stays so, whatever becomes of it."""

    def __init__(self) -> None:
        self._online: dict[str, Json] = {}

    def listed(self, agents: list[Json]) -> list[Json]:
        self._online |= {agent["agentId"]: agent for agent in agents if agent["status"] == "online"}
        others = [agent for agent in agents if agent["agentId"] not in self._online]
        return [*others, *self._online.values()]


class FailsWhileOffline(Rule):
    """One call fails as long as the API has an agent offline that was online before, or none online at all."""

    def __init__(self, path: str) -> None:
        self._path = re.compile(path)
        self._seen: set[str] = set()
        self._fails = False

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", AGENTS) and reply.status == 200:
            agents = json.loads(reply.body)["agents"]
            online = {agent["agentId"] for agent in agents if agent["status"] == "online"}
            self._fails = not online or any(agent["agentId"] in self._seen - online for agent in agents)
            self._seen |= online
        fails = self._fails and method == "GET" and self._path.fullmatch(path)
        return refusal(500, "internal", "An agent does not answer.") if fails else reply


class LosesDeletions(Rule):
    """A deletion of a session is accepted and forgotten as long as the API has no agent online."""

    def __init__(self) -> None:
        self._is_alone = False

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        is_lost = self._is_alone and method == "DELETE" and path.startswith(f"{SESSIONS}/")
        return Reply(202, "application/json", b'{"status": "Terminating"}') if is_lost else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", AGENTS) and reply.status == 200:
            self._is_alone = all(agent["status"] != "online" for agent in json.loads(reply.body)["agents"])
        return reply


class ThirdLeaves(Rule):
    """The third agent that is listed as online is offline from a moment later on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", AGENTS) or reply.status != 200:
            return reply
        online = [agent["agentId"] for agent in json.loads(reply.body)["agents"] if agent["status"] == "online"]
        for agent_id in online[2:3]:
            self._since.setdefault(agent_id, time.monotonic())
        return each_of(reply, "agents", self._later)

    def _later(self, agent: Json) -> Json:
        since = self._since.get(agent["agentId"], float("inf"))
        return agent | {"status": "offline"} if time.monotonic() - since > self._seconds else agent
