"""All that a killed run may leave or touch at a target, looked at from outside the suite."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes import client

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.product.agents import AgentApi
from tests.safety.agents import AGENT

if TYPE_CHECKING:
    from tests.support.place import Place

CUT = "streamspace-acceptance"
"""What stands in the name of all that a cut consists of: rules, containers, policies and labels."""


@dataclass(frozen=True)
class Scene:
    """What there is by identity, without the agents' pods; and the rules in each agent's pod by its uid."""

    things: frozenset[tuple[str, str]]
    rules: dict[str, tuple[str, ...]]

    def lacks(self, former: Scene) -> list[str]:
        """What was there and is not any more, of all that nobody but its owner may touch."""
        gone = [" ".join(thing) for thing in sorted(former.things - self.things)]
        agents = [uid for uid in former.rules if uid in self.rules]
        return gone + [rule for uid in agents for rule in former.rules[uid] if rule not in self.rules[uid]]

    def beyond(self, former: Scene) -> list[str]:
        """What is there that was not, or is new in an agent's pod."""
        more = [" ".join(thing) for thing in sorted(self.things - former.things)]
        return more + [
            rule
            for uid, rules in self.rules.items()
            for rule in rules
            if CUT in rule and rule not in former.rules.get(uid, ())
        ]


def look(place: Place) -> Scene:
    """The scene as it is now."""
    namespace = place.cluster.namespace
    core: Any = client.CoreV1Api(place.client())
    agents = [agent for agent in core.list_namespaced_pod(namespace).items if agent.metadata.labels.get("app") == AGENT]
    uids = {agent.metadata.uid for agent in agents}
    networking: Any = client.NetworkingV1Api(place.client())
    policies = networking.list_namespaced_network_policy(namespace).items
    things = {thing for thing in place.things() if thing[1] not in uids}
    things |= {("policy", policy.metadata.uid) for policy in policies}
    things |= {("replicas", str(place.cluster.replicas(AGENT)))}
    things |= {
        ("label", f"{key}={value}") for agent in agents for key, value in agent.metadata.labels.items() if CUT in key
    }
    things |= {
        ("helper", status.name)
        for agent in agents
        for status in agent.status.ephemeral_container_statuses or ()
        if status.state.running is not None
    }
    return Scene(frozenset(things), {agent.meta.uid: _rules(place, agent) for agent in running_agents(place)})


def running_agents(place: Place) -> list[Pod]:
    """The agents' pods whose container runs: a command can be executed in these alone."""
    return [pod for pod in place.cluster.pods(app=AGENT) if pod.running]


def _rules(place: Place, agent: Pod) -> tuple[str, ...]:
    """The rules in an agent's pod; none where it may not look at them itself, or has ended meanwhile."""
    try:
        told = place.cluster.execute(agent, ["sh", "-c", "iptables -S OUTPUT 2>&1 || true"])
    except ClusterError:
        if agent.meta.uid in {running.meta.uid for running in running_agents(place)}:
            raise
        return ()
    return tuple(line for line in told.stdout.splitlines() if line.startswith("-A"))


def plant_others(place: Place) -> None:
    """A rule in the agent's pod and a NetworkPolicy that are somebody else's, and break nothing."""
    (agent,) = running_agents(place)
    rule = ["OUTPUT", "-p", "tcp", "--dport", "9", "-m", "comment", "--comment", "somebody-elses", "-j", "DROP"]
    words = " ".join(rule)
    place.cluster.execute(agent, ["sh", "-c", f"iptables -C {words} || iptables -A {words} || true"])
    networking: Any = client.NetworkingV1Api(place.client())
    if not networking.list_namespaced_network_policy(place.cluster.namespace).items:
        spec = {"podSelector": {"matchLabels": {"of": "nobody"}}, "policyTypes": ["Egress"]}
        body = {"metadata": {"name": "somebody-elses"}, "spec": spec}
        networking.create_namespaced_network_policy(place.cluster.namespace, body)


def await_one_agent(place: Place, seconds: float = 30.0) -> None:
    """One agent's pod is there, and the API calls it online: nothing cuts it off."""
    deadline = time.monotonic() + seconds
    while True:
        pods = place.cluster.pods(app=AGENT)
        online = AgentApi(place.api).all().online
        if len(pods) == 1 and pods[0].ready and online == {pods[0].meta.name}:
            return
        assert time.monotonic() < deadline, f"agents online: {sorted(online)}; pods: {[pod.describe() for pod in pods]}"
        time.sleep(0.1)
