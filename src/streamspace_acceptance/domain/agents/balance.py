"""Which agent serves how many sessions: by what the API says, and by what the agents wrote on the sessions' pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.product.api import StreamSpaceApi


@dataclass(frozen=True)
class Balance:
    """Sessions by agent. `said` is the API's word for each session, `seen` the label of its pod; None: not said.

    `agents` are the ids of the agents that were online.
    """

    agents: frozenset[str]
    said: dict[str, str | None]
    seen: dict[str, str | None]

    @property
    def contradictions(self) -> list[str]:
        """Sessions of which API and pod name different agents."""
        both = ((session, said, self.seen.get(session)) for session, said in self.said.items())
        return [
            f"{session}: {said} by the API, {seen} by its pod"
            for session, said, seen in both
            if None not in (said, seen) and said != seen
        ]

    @property
    def shares(self) -> dict[str, int]:
        """How many sessions each agent serves, by the pods, or else by the API; agents with none among them."""
        served = Counter(self.seen.get(session) or said for session, said in self.said.items())
        return {agent: served[agent] for agent in sorted(self.agents | {each for each in served if each is not None})}

    @property
    def nobodys(self) -> list[str]:
        """Sessions that no agent serves."""
        return [each for each, said in self.said.items() if (self.seen.get(each) or said) is None]

    def describe(self) -> str:
        """For a failure: `x-1: 5, x-2: 6`."""
        return ", ".join(f"{agent}: {count}" for agent, count in self.shares.items())


def balance(api: StreamSpaceApi, cluster: Cluster, sessions: Sequence[Session], agents: frozenset[str]) -> Balance:
    """The balance over `sessions` as it is now."""
    ids = {session.id for session in sessions}
    said = {each.id: each.agent for each in api.sessions().sessions if isinstance(each.agent, str) and each.agent}
    label, own = api.profile.agents.session_label, api.profile.session_label
    pods = [pod for pod in cluster.pods() if pod.stays and pod.meta.labels.get(own) in ids]
    seen = {pod.meta.labels[own]: pod.meta.labels.get(label) for pod in pods}
    return Balance(agents, {each: said.get(each) for each in sorted(ids)}, seen)
