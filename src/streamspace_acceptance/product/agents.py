"""The agents in the API's list, in the words of the active profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.calls import Json
from streamspace_acceptance.product.ids import as_id

MOST_SECONDS = 1e11
"""In the year 5138; counted in milliseconds, in 1973."""
TOLD = 120
"""Characters of an answer that a timeline repeats."""


@dataclass(frozen=True)
class Agent:
    """An agent as the API's list shows it. `last_heartbeat` is in seconds since the epoch, on the product's clock.

    `zoned`: whether the time had a zone; without one it is read as UTC. `no_time` is what stands in its place.
    """

    id: str
    status: str
    last_heartbeat: float | None
    zoned: bool = True
    no_time: object = None


@dataclass(frozen=True)
class AgentList:
    """One answer to the list of agents. `twice` holds the ids that occur twice; `date` is the API's own clock.

    `trouble`: what the API answered in place of a list; empty for a list.
    """

    agents: tuple[Agent, ...]
    twice: frozenset[str]
    words: Mapping[str, str]
    date: float | None = None
    trouble: str = ""

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all agents, online or not."""
        return frozenset(agent.id for agent in self.agents)

    @property
    def online(self) -> frozenset[str]:
        """The ids of the agents that the API calls online."""
        return frozenset(agent.id for agent in self.agents if agent.status == self.words["agent_online"])

    def agent(self, agent_id: str) -> Agent | None:
        """The agent of that id, None when it is not listed."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)

    def status(self, agent_id: str) -> str:
        """The status of an agent; `A and B` when the list holds two, `not listed` when it holds none."""
        if self.trouble:
            return f"no list: {self.trouble}"
        return " and ".join(sorted({agent.status for agent in self.agents if agent.id == agent_id})) or "not listed"

    def describe(self) -> str:
        """For a timeline: `x-1 online, x-2 offline`, and which of them are listed several times."""
        agents = ", ".join(f"{agent.id} {agent.status}" for agent in self.agents) or "no agent"
        return f"{agents}: several times {', '.join(sorted(self.twice))}" if self.twice else agents


class AgentApi:
    """The part of the API that is about agents."""

    def __init__(self, api: StreamSpaceApi) -> None:
        self._api = api
        self.profile = api.profile

    def all(self) -> AgentList:
        """All agents; Unmet when the answer is not a list of agents with an id and a status each."""
        answer = self._api.call("list_agents")
        self._approve_pending(answer)
        agents = tuple(self._read(answer, item) for item in self._api.objects(answer, "agents"))
        ids = [agent.id for agent in agents]
        twice = frozenset(agent_id for agent_id in ids if ids.count(agent_id) > 1)
        return AgentList(agents, twice, self.profile.statuses, answer.date)

    def all_or_trouble(self) -> AgentList:
        """The same, with what the API answered in place of a list."""
        try:
            return self.all()
        except Unmet as unmet:
            return AgentList((), frozenset(), self.profile.statuses, trouble=unmet.actual[:TOLD])

    def _approve_pending(self, answer: Answer) -> None:
        """Approves the agents that wait for an administrator, where the product has that."""
        fields, pending = self.profile.fields, self.profile.agents.pending
        if not pending or not self._api.approves_agents:
            return
        for item in self._api.objects(answer, "agents"):
            agent_id = as_id(item.get(fields["agent_id"]))
            if item.get(fields["approval"]) == pending and agent_id is not None:
                self._api.call("approve_agent", agent_id)

    def _read(self, answer: Answer, item: Json) -> Agent:
        fields = self.profile.fields
        agent_id, status = as_id(item.get(fields["agent_id"])), item.get(fields["agent_status"])
        if agent_id is None or not isinstance(status, str):
            raise self._api.not_listed(answer, "agents with an id and a status each")
        read = item.get(fields["last_heartbeat"])
        moment = _moment(read)
        if moment is None:
            return Agent(agent_id, status, None, no_time=read)
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return Agent(agent_id, status, zoned.timestamp(), zoned is moment)


def _moment(value: object) -> datetime | None:
    """An RFC 3339 time, with or without a zone, in upper or lower case, or a number that counts from the epoch.

    None for anything else.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(_in_seconds(value), UTC)
        return datetime.fromisoformat(value.upper()) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _in_seconds(count: float) -> float:
    """A time since the epoch in seconds, which may be counted in milli-, micro- or nanoseconds, as many languages do.

    As seconds, such a number is a year that no calendar has.
    """
    return next((count / unit for unit in (1, 1e3, 1e6, 1e9) if count / unit <= MOST_SECONDS), count)
