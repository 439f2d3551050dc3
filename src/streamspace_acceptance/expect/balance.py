"""What is expected of several agents at once."""

from __future__ import annotations

from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentList

FEWEST_AGENTS = 2


def connected(agents: AgentList, count: int) -> None:
    """Exactly `count` agents are online, each listed once."""
    if len(agents.online) != count or agents.twice:
        raise Unmet(
            "agents",
            expected=f"{count} online, each listed once",
            actual=agents.describe(),
            likely="an agent does not connect, or the API loses one",
        )


def all_run(crowd: ConcurrentRequests) -> None:
    """Each user got a session, and all of them reach Running."""
    if crowd.refusals:
        raise Unmet(
            crowd.subject,
            expected="a session for each user",
            actual="; ".join(crowd.refusals),
            likely="the API refuses or loses sessions that are asked for at the same time",
        )
    crowd.wait_until_running(within="start")


def spread(found: Balance) -> None:
    """More than one agent serves the sessions, and API and pods name the same agent for each."""
    _require_sessions(found)
    serving = [agent for agent, count in found.shares.items() if count]
    if found.contradictions or found.nobodys or len(serving) < FEWEST_AGENTS:
        raise Unmet(
            f"{len(found.said)} sessions",
            expected="served by more than one agent, by the API as by their pods",
            actual="; ".join([*found.contradictions, *[f"{each}: no agent" for each in found.nobodys]])
            or found.describe(),
            likely="sessions go to an agent without looking at the others",
        )


def balanced(found: Balance, tolerance: int) -> int:
    """Each agent serves the mean number of sessions, give or take `tolerance`; gives the largest difference."""
    _require_sessions(found)
    if sum(1 for count in found.shares.values() if count) < FEWEST_AGENTS:
        raise Unproven(f"one agent serves all (see the sentence about that): {found.describe()}")
    mean = len(found.said) / len(found.shares)
    worst = max(abs(count - mean) for count in found.shares.values())
    if worst > tolerance:
        raise Unmet(
            f"{len(found.said)} sessions on {len(found.shares)} agents",
            expected=f"{mean:g} sessions on each agent, give or take {tolerance}",
            actual=found.describe(),
            likely="new sessions do not go to the agent with the fewest",
        )
    return round(worst)


def _require_sessions(found: Balance) -> None:
    if not found.said:
        raise Unproven("there are no sessions to count")
