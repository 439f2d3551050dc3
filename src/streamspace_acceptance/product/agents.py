"""StreamSpace's agents as its API tells of them, in the words of the active profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.verdict.outcomes import Unmet


@dataclass(frozen=True)
class Agent:
    """An agent as the API's list shows it. `last_heartbeat` is in seconds since the epoch, on the product's clock."""

    id: str
    status: str
    last_heartbeat: float | None


@dataclass(frozen=True)
class AgentList:
    """One answer to the list of agents. An id that stands in it twice is in `twice`."""

    agents: tuple[Agent, ...]
    twice: frozenset[str]
    words: Mapping[str, str]

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
        """What the list says of an agent; `not listed` when it says nothing."""
        found = self.agent(agent_id)
        return "not listed" if found is None else found.status

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
        return AgentList(agents, frozenset(each for each in ids if ids.count(each) > 1), self.profile.statuses)

    def _read(self, answer: Answer, item: dict[str, Any]) -> Agent:
        fields = self.profile.fields
        agent_id, status = item.get(fields["agent_id"]), item.get(fields["agent_status"])
        if not isinstance(agent_id, str) or not isinstance(status, str):
            raise _unmet(answer, "agents with an id and a status each")
        return Agent(agent_id, status, _moment(item.get(fields["last_heartbeat"])))


def _moment(value: object) -> float | None:
    """An RFC 3339 moment in seconds since the epoch; None for anything else."""
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except ValueError:
        return None


def _unmet(answer: Answer, expected: str) -> Unmet:
    return Unmet(answer.call, expected=expected, actual=answer.gist, likely="the API's list of agents")
