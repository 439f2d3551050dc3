"""The number of sessions that each agent serves: by the API, and by the agents' labels on the sessions' pods.

Where the contract has neither, it may have a line of the agents' logs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from streamspace_acceptance.cluster.logs import texts
from streamspace_acceptance.domain.agents import other_load
from streamspace_acceptance.domain.agents.fleet import agent_pods
from streamspace_acceptance.domain.agents.other_load import Loads
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.product.agents import AgentApi


@dataclass(frozen=True)
class Balance:
    """Sessions by agent. `said` is the agent that the API names for each session; `seen` is the label of its pod, or
    the agent that has logged the session.

    Either is None where it names no agent.

    `agents` are the ids of the agents that were online. `several`: the labels of sessions with pods of several agents.
    `others`: what these agents serve besides, by each measure; `unsteady`: the sessions of others that came or went.
    """

    agents: frozenset[str]
    said: dict[str, str | None]
    seen: dict[str, str | None]
    several: dict[str, tuple[str, ...]] = field(default_factory=dict)
    others: Mapping[str, Loads] = field(default_factory=dict)
    unsteady: frozenset[str] = frozenset()

    @property
    def contradictions(self) -> list[str]:
        """The sessions for which the API and the pod name different agents, those of an agent that is not online, and
        those that several agents serve.
        """
        both = [(session, agent, self._label_of(session)) for session, agent in self.said.items()]
        return (
            [
                f"{session}: {agent} by the API, {seen} by its pod"
                for session, agent, seen in both
                if None not in (agent, seen) and agent != seen
            ]
            + [f"{session}: {agent}, which is not online" for session, agent, _ in both if agent in self.offline]
            + [f"{session}: pods of {' and '.join(labels)}" for session, labels in sorted(self.several.items())]
        )

    @property
    def offline(self) -> frozenset[str]:
        """The agents that the API names for sessions although they are not online, beside some that are."""
        named = frozenset(agent for agent in self.said.values() if agent is not None)
        return named - self.agents if named & self.agents else frozenset()

    @property
    def shares(self) -> dict[str, int]:
        """The sessions that each agent serves, by the pods or else by the API; an idle agent has 0."""
        served = Counter(self._label_of(session) or agent for session, agent in self.said.items())
        return {
            agent: served[agent]
            for agent in sorted(self.agents | {agent_id for agent_id in served if agent_id is not None})
        }

    @property
    def nobodys(self) -> list[str]:
        """Sessions that no agent serves, or for which the API names none although it names that of others."""
        silent = not any(self.said.values())
        return [
            session for session, agent in self.said.items() if agent is None and not (silent and self.seen.get(session))
        ]

    @property
    def silent(self) -> bool:
        """Whether neither the API nor a pod names the agent of any session."""
        return not any(self.said.values()) and not any(self.seen.values())

    def difference(self) -> float:
        """The most sessions by which an agent's share differs from an equal one.

        An agent that serves others already gets fewer of these from a product that evens out what each of them has.
        """
        equal = dict.fromkeys(self.shares, len(self.said) / len(self.shares))
        evened = [other_load.evened(loads, self.shares, len(self.said)) for loads in self.others.values()]
        return min(max(abs(self.shares[agent] - wanted[agent]) for agent in self.shares) for wanted in (equal, *evened))

    def describe_others(self) -> str:
        """`beside sessions of others (by number): x-1: 6, x-2: 0`; empty where the agents serve none."""
        return "; ".join(
            f"beside sessions of others ({measure}): "
            + ", ".join(f"{agent}: {loads.get(agent, 0):g}" for agent in self.shares)
            for measure, loads in self.others.items()
        )

    def _label_of(self, session: str) -> str | None:
        """The agent by the label of a session's pod, by its id in the API where that is another."""
        label = self.seen.get(session)
        return self._ids.get(label, label) if label is not None else None

    @cached_property
    def _ids(self) -> dict[str, str]:
        """The agents' ids in the API by the labels of pods, where no label is an id and each stands for one."""
        pairs = {(label, agent) for session, agent in self.said.items() if agent and (label := self.seen.get(session))}
        labels, ids = {label for label, _ in pairs}, {agent for _, agent in pairs}
        one_to_one = len(pairs) == len(labels) == len(ids)
        return dict(pairs) if one_to_one and ids <= self.agents and not labels & self.agents else {}

    def describe(self) -> str:
        """For a failure: `x-1: 5, x-2: 6`."""
        return ", ".join(f"{agent}: {count}" for agent, count in self.shares.items())


def balance(scenario: Scenario) -> Balance:
    """The current balance of the sessions that were requested at the same time.

    ClusterError when somebody else has changed the number of agents.
    """
    scenario.disruptions.check_held()
    clients, requests = scenario.clients, scenario.results[ConcurrentRequests]
    ids = {session.id for session in requests.sessions}
    online, listed = AgentApi(clients.api).all().online, clients.api.sessions().sessions
    assignments = {entry.id: entry.agent for entry in listed if entry.agent is not None}
    said = {session: assignments.get(session) for session in sorted(ids)}
    if clients.profile.agents.session_line:
        return Balance(online, said, _logged(clients, ids, online))
    labels = _labels(clients, ids)
    return Balance(
        online,
        said,
        {session: next(iter(agents), None) for session, agents in labels.items()},
        {session: agents for session, agents in labels.items() if len(agents) > 1},
        other_load.read(clients, assignments, ids),
        frozenset(session for session in requests.there_before ^ {entry.id for entry in listed} if session not in ids)
        - clients.left,
    )


def _labels(clients: Clients, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The agents by the labels of each session's pods: one, if all is well."""
    label, agent_label = clients.profile.session_label, clients.profile.agents.session_label
    found: dict[str, set[str]] = {}
    for pod in clients.cluster.pods():
        if pod.stays and pod.meta.labels.get(label) in ids:
            found.setdefault(pod.meta.labels[label], set()).update(filter(None, [pod.meta.labels.get(agent_label)]))
    return {session: tuple(sorted(agents)) for session, agents in found.items()}


def _logged(clients: Clients, ids: Collection[str], online: Collection[str]) -> dict[str, str | None]:
    """The agent of each session that an agent has logged. The id of an agent is its pod's name, or contains it."""
    clients.profile.meet("agents.session_line")
    found: dict[str, str | None] = {}
    for pod in agent_pods(clients):
        agent = next((agent_id for agent_id in online if pod.meta.name in agent_id), pod.meta.name)
        lines = [text for line in clients.cluster.log(pod).since(None) for text in texts(line.text)]
        marks = {session: clients.profile.agents.session_line.replace("{id}", session) for session in ids}
        found |= {session: agent for session, mark in marks.items() if any(mark in line for line in lines)}
    return found
