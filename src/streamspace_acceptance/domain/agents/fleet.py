"""The agents of the target: how many are online, and what the API says of them over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.owners import deployment_name
from streamspace_acceptance.disruption.scaling import Scaling
from streamspace_acceptance.domain.agents import missing_pods
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Recording, Wait, follow, now, sampling


@dataclass(frozen=True)
class ObservedAgent:
    """The agent that the scenario is about, with its id in the API: mostly its pod's name."""

    pod: Pod
    id: str

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
    """The list of agents, recorded from now on until the scenario is over, also while the API gives none."""
    api = AgentApi(scenario.clients.api)
    api.all()
    return scenario.watches.enter_context(sampling(api.all_or_trouble, every=POLL_SECONDS, what="the agents' presence"))


def require_online(scenario: Scenario, count: int) -> None:
    """Exactly `count` agents are online, each a Ready pod of the agents' Deployment; Unmet otherwise.

    A scenario that is not disruptive leaves their number alone, and looks at one of them.
    """
    clients = scenario.clients
    deployment = clients.cluster.deployment(clients.profile.agents.deployment)
    there = len(agent_pods(clients)) if deployment is None else int(deployment["spec"]["replicas"])
    if there != count and scenario.disruptive:
        scale(scenario, count)
    elif there != count:
        count = there
    online = wait_for_online(scenario, count).online
    pods = agent_pods(clients)
    named = next((pod for pod in pods if pod.meta.name in online), None)
    if named is not None:
        scenario.results.put(ObservedAgent(named, named.meta.name))
    elif len(pods) == 1 or (pods and scenario.disruptive):
        scenario.results.put(ObservedAgent(pods[0], min(online)))
    elif pods:
        raise Unproven(f"{', '.join(sorted(online))} are online, and nothing tells which of the pods each of them is")


@dataclass(frozen=True)
class ScaledAt:
    """When the agents' Deployment was scaled, of the monotonic clock."""

    at: float

    @property
    def seconds(self) -> float:
        """The seconds since then."""
        return now() - self.at


def scale(scenario: Scenario, count: int) -> None:
    """Scales the agents' Deployment, until the scenario is over; Unproven where the suite may not.

    Agents that are added stay until the sessions are gone: a product may have a session removed by its own agent alone.
    """
    clients = scenario.clients
    if clients.cluster.deployment(clients.profile.agents.deployment) is None:
        raise _not_scalable(clients, count)
    wanted = rights.of_object(rights.SCALING, clients.profile.agents.deployment)
    if denied := rights.missing(clients.cluster, wanted):
        raise Unproven(rights.sentence(denied, clients.cluster.namespace, rights.FILE_OF_PHASE_3))
    agent_pods(clients)  # those that are about to go are known from now on
    if relied := scenario.results.find(ReliedPods):
        relied.release_agents()
    scenario.disruptions.revert_each(Scaling)
    scenario.results.put(ScaledAt(now()))
    name = clients.profile.agents.deployment
    adds = count > clients.cluster.replicas(name)
    scenario.disruptions.apply(Scaling(clients.cluster, name, count), lasting=adds)


def _not_scalable(clients: Clients, count: int) -> Unproven:
    name = clients.profile.agents.deployment
    names = ", ".join(other_workloads(agent_pods(clients), name))
    return Unproven(
        f"there is no Deployment {name} to scale to {count}: the agents are another kind of workload"
        f"{f' ({names})' if names else ''}, and the suite scales a Deployment alone"
    )


def wait_for_online(scenario: Scenario, count: int, within: Budget | None = None, *, once: bool = False) -> AgentList:
    """The list in which exactly `count` agents are online, each a Ready pod; Unmet otherwise.

    `once`: each of them is listed once, which 3.4-1 judges and nothing else depends on.
    ClusterError when somebody else changes the number of pods meanwhile.
    """
    clients = scenario.clients
    goal = f"{count} online, each a Ready pod of the Deployment" if count else "none online"

    with presence(AgentApi(clients.api)) as recording:
        listed = follow(
            Wait("agents", goal, within or clients.budgets.named("agents")),
            recording,
            goal=lambda samples: samples[-1].item if _complete(clients, samples[-1].item, count, once=once) else None,
            says=AgentList.describe,
            likely=lambda _: _why_not_online(scenario, count),
            impossible=lambda samples: other_word(samples[-1].item) if count else None,
        )
    if relied := scenario.results.find(ReliedPods):
        relied.add()
    return listed


def _why_not_online(scenario: Scenario, count: int) -> str:
    """The likely cause, when not exactly `count` agents are online. Unproven or ClusterError where it is not the
    product's doing.
    """
    clients = scenario.clients
    scenario.disruptions.check_held()
    pods = agent_pods(clients)
    listed = AgentApi(clients.api).all()
    strangers = others_agents(pods, listed, count)
    if strangers and clients.agents.issuperset(strangers):
        return f"{', '.join(strangers)}: reported online, although the pods are gone"
    if strangers:
        raise Unproven(
            f"{', '.join(strangers)} are online too, beside the pods of {clients.profile.agents.deployment}: "
            "an agent of another cluster or kind may take over"
        )
    if neighbours := other_workloads(pods, clients.profile.agents.deployment) if len(pods) != count else ():
        raise Unproven(
            f"{', '.join(neighbours)} runs agents too, beside Deployment {clients.profile.agents.deployment}: "
            "the suite scales this one alone, so it cannot choose how many are online"
        )
    if reason := missing_pods.unplaced(pods, clients.cluster.events()):
        raise Unproven(f"the cluster has no place for {count} agents: {reason}")
    if reason := node_busy.keeps_waiting(clients.cluster, pods):
        raise Unproven(reason)
    if len(pods) < count:
        missing_pods.check_admitted(clients.cluster, clients.profile.agents.deployment)
    shared = shared_id(pods, listed, count)
    return shared or f"the agents' pods: {', '.join(pod.describe() for pod in pods) or 'none'}"


def agent_pods(clients: Clients) -> list[Pod]:
    """The agents' pods that are not being deleted."""
    found = [pod for pod in clients.cluster.pods(**clients.profile.agents.labels) if pod.stays]
    clients.agents.update(pod.meta.name for pod in found)
    return found


def _complete(clients: Clients, listed: AgentList, count: int, *, once: bool) -> bool:
    if len(listed.online) != count or (once and listed.twice):
        return False
    pods = agent_pods(clients)
    names = {pod.meta.name for pod in pods}
    named_otherwise = not listed.online & names and len(pods) == count  # by a configured id, for example
    return (listed.online == names or named_otherwise) and all(pod.ready for pod in pods)


def others_agents(pods: Sequence[Pod], listed: AgentList, count: int) -> list[str]:
    """The agents online beside the wanted ones, all of which are there under their pods' names."""
    names = {pod.meta.name for pod in pods if pod.ready}
    return sorted(listed.online - names) if len(names) == count and names <= listed.online else []


def other_workloads(pods: Sequence[Pod], deployment: str) -> list[str]:
    """The workloads other than the Deployment that those pods belong to: `Deployment x-gpu`, `StatefulSet x`."""
    found = set()
    for pod in pods:
        owner = next(iter(pod.object["metadata"].get("ownerReferences") or ()), None)
        name = deployment_name(pod.object)
        if owner is not None and name != deployment:
            found.add(f"Deployment {name}" if name else f"{owner.get('kind')} {owner.get('name')}")
    return sorted(found)


def other_word(listed: AgentList) -> str | None:
    """That the product writes `online` in another case, which no wait changes; None if it does not."""
    online = listed.words["agent_online"]
    words = {agent.status for agent in listed.agents if agent.status.lower() == online.lower()}
    if not words or online in words:
        return None
    return f"{words.pop()!r} is its word for {online!r}; a contract profile can say so (docs/profiles.md)"


def shared_id(pods: Sequence[Pod], listed: AgentList, count: int) -> str | None:
    """That several pods stand behind fewer ids, none of which is a pod's name; None where that is not so.

    An API takes the newest of them for the agent, so that the others may be Ready one moment and not the next.
    """
    running = [pod for pod in pods if pod.running]
    if len(running) < count or not 0 < len(listed.online) < count or listed.online & {pod.meta.name for pod in pods}:
        return None
    return f"{len(running)} running pods are listed as {', '.join(sorted(listed.online))}: they connect under one id"
