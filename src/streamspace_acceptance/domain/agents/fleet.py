"""The agents of the target: how many are online, and what the API says of them over time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption.scaling import Scaling
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Recording, Wait, follow, now, sampling


@dataclass(frozen=True)
class ObservedAgent:
    """The agent that the scenario is about. Its id in the API is its pod's name."""

    pod: Pod

    @property
    def id(self) -> str:
        """The agent's id in the API."""
        return self.pod.meta.name

    @property
    def subject(self) -> str:
        """For a failure."""
        return f"agent {self.id}"


@contextmanager
def presence(api: AgentApi) -> Iterator[Recording[AgentList]]:
    """The list of agents, recorded ten times a second until the context ends; the first answer is there at once.

    An error of the API ends the recording; a waiter or reader gets that error.
    """
    with sampling(api.all, every=POLL_SECONDS, what="the agents' presence") as recording:
        yield recording


def watch(scenario: Scenario) -> Recording[AgentList]:
    """The list of agents, recorded from now on until the scenario is over."""
    return scenario.watches.enter_context(presence(AgentApi(scenario.clients.api)))


def require_online(scenario: Scenario, count: int) -> None:
    """Exactly `count` agents are online, each a Ready pod of the agents' Deployment; Unmet otherwise."""
    clients = scenario.clients
    if clients.cluster.replicas(clients.profile.agents.deployment) != count:
        scale(scenario, count)
    wait_for_online(clients, count)
    for pod in agent_pods(clients)[:1]:
        scenario.results.put(ObservedAgent(pod))


@dataclass(frozen=True)
class ScaledAt:
    """When the agents' Deployment was scaled, of the monotonic clock."""

    at: float

    @property
    def seconds(self) -> float:
        """The seconds since then."""
        return now() - self.at


def scale(scenario: Scenario, count: int) -> None:
    """Scales the agents' Deployment, until the scenario is over."""
    clients = scenario.clients
    scenario.results.put(ScaledAt(now()))
    scenario.disruptions.apply(Scaling(clients.cluster, clients.profile.agents.deployment, count))


def wait_for_online(clients: Clients, count: int, within: Budget | None = None) -> AgentList:
    """The list in which exactly `count` agents are online, by the names of their Ready pods; Unmet otherwise."""
    goal = f"{count} online, each a Ready pod of the Deployment" if count else "none online"
    with presence(AgentApi(clients.api)) as recording:
        return follow(
            Wait("agents", goal, within or clients.budgets.named("agents")),
            recording,
            goal=lambda samples: samples[-1].item if _complete(clients, samples[-1].item, count) else None,
            says=AgentList.describe,
            likely=lambda _: f"the agents' pods: {', '.join(pod.describe() for pod in agent_pods(clients)) or 'none'}",
        )


def agent_pods(clients: Clients) -> list[Pod]:
    """The agents' pods that are not being deleted."""
    return [pod for pod in clients.cluster.pods(app=clients.profile.agents.label) if pod.stays]


def _complete(clients: Clients, listed: AgentList, count: int) -> bool:
    if len(listed.online) != count or listed.twice:
        return False
    pods = agent_pods(clients)
    return listed.online == {pod.meta.name for pod in pods} and all(pod.ready for pod in pods)
