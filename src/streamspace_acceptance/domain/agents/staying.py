"""Whether agents that are online stay so, and send heartbeats."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.agents.fleet import presence
from streamspace_acceptance.domain.agents.heartbeats import received
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter, saturated
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.waiting import Budget, Recording, Stamped, Wait, elapse, follow, poll


def look_again(scenario: Scenario, count: int) -> Unmet | None:
    """Why not all `count` agents are online a while later, with a heartbeat since; None if they are.

    Unproven on a node without a spare processor, where heartbeats are late.
    """
    clients = scenario.clients
    meter, api = NodeBusyMeter.begin(clients.cluster), AgentApi(clients.api)
    try:
        with presence(api) as recording:
            elapse(Wait("agents", "all of them stay online", clients.budgets.named("calm")))
            _require_online(api, count)
            _await_heartbeats(recording, clients.budgets.spans("two heartbeats", offline=1))
    except Unmet as unmet:
        if reason := saturated(meter.shares()):
            raise Unproven(f"{reason}; {unmet.actual}") from unmet
        return unmet
    return None


def _require_online(api: AgentApi, count: int) -> None:
    """Unmet for fewer. A server that is behind gets a moment."""
    poll(
        Wait("agents", f"still {count} online", Budget("moment", BEHIND_SECONDS, 1.0)),
        api.all,
        met=lambda listed: len(listed.online) >= count,
        says=AgentList.describe,
        likely=lambda _: "an agent connects, and does not stay",
    )


def _await_heartbeats(recording: Recording[AgentList], span: Budget) -> None:
    """Unmet if an agent whose heartbeats the API tells of is online without a new one; 3.3-1 judges their pace."""
    follow(
        Wait("agents", "a new heartbeat of each", span),
        recording,
        goal=lambda samples: not _silent(samples) or None,
        says=lambda listed: listed.describe(),
        likely=lambda samples: (
            f"{', '.join(_silent(samples))}: online, and the API takes no heartbeats of it, or does not miss them"
        ),
    )


def _silent(samples: Sequence[Stamped[AgentList]]) -> list[str]:
    """The agents that are online with the heartbeat that they had at first."""
    return [agent for agent in sorted(samples[-1].item.online) if len(received(samples, agent)) == 1]
