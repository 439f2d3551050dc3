"""StreamSpace's agents as its API tells of them, in the words of the active profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi


@dataclass(frozen=True)
class Agent:
    """An agent as the API's list shows it. `last_heartbeat` is in seconds since the epoch, on the product's clock.

    `zoned`: whether it was told with its zone; without one, UTC is meant.
    """

    id: str
    status: str
    last_heartbeat: float | None
    zoned: bool = True


@dataclass(frozen=True)
class AgentList:
    """One answer to the list of agents. An id that stands in it twice is in `twice`; `date` is the API's own clock."""

    agents: tuple[Agent, ...]
    twice: frozenset[str]
    words: Mapping[str, str]
    date: float | None = None

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all agents, online or not."""
        return frozenset(each.id for each in self.agents)

    @property
    def online(self) -> frozenset[str]:
        """The ids of the agents that the API calls online."""
        return frozenset(each.id for each in self.agents if each.status == self.words["agent_online"])

    def agent(self, agent_id: str) -> Agent | None:
        """The agent of that id, None when it is not listed."""
        return next((each for each in self.agents if each.id == agent_id), None)

    def status(self, agent_id: str) -> str:
        """What the list says of an agent, `A and B` where it says two things; `not listed` when it says nothing."""
        return " and ".join(sorted({each.status for each in self.agents if each.id == agent_id})) or "not listed"

    def describe(self) -> str:
        """For a timeline: `x-1 online, x-2 offline`."""
        return ", ".join(f"{each.id} {each.status}" for each in self.agents) or "no agent"


class AgentApi:
    """The part of the API that is about agents."""

    def __init__(self, api: StreamSpaceApi) -> None:
        self._api = api
        self.profile = api.profile

    def all(self) -> AgentList:
        """All agents as listed; Unmet when the answer is no list of agents with an id and a status each."""
        answer = self._api.call("list_agents")
        field = self.profile.fields["agents"]
        items = answer.object().get(field) if answer.ok else None
        if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
            raise _unmet(answer, f"a list of {field}")
        agents = tuple(self._read(answer, each) for each in items)
        ids = [each.id for each in agents]
        twice = frozenset(each for each in ids if ids.count(each) > 1)
        return AgentList(agents, twice, self.profile.statuses, answer.date)

    def _read(self, answer: Answer, item: dict[str, Any]) -> Agent:
        fields = self.profile.fields
        agent_id, status = item.get(fields["agent_id"]), item.get(fields["agent_status"])
        if not isinstance(agent_id, str) or not isinstance(status, str):
            raise _unmet(answer, "agents with an id and a status each")
        moment = _moment(item.get(fields["last_heartbeat"]))
        if moment is None:
            return Agent(agent_id, status, None)
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return Agent(agent_id, status, zoned.timestamp(), zoned is moment)


def _moment(value: object) -> datetime | None:
    """An RFC 3339 moment, with or without its zone; None for anything else."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _unmet(answer: Answer, expected: str) -> Unmet:
    return Unmet(answer.call, expected=expected, actual=answer.gist, likely="the API's list of agents")
