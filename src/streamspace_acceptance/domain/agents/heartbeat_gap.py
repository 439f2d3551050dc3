"""Heartbeats around a network cut: one just before it, and none after it, which shows that the cut works."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from streamspace_acceptance.disruption.cut_methods import MethodUnavailable
from streamspace_acceptance.domain.agents.heartbeats import received, reports_request_times
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.waiting import Budget, Recording, Stamped, Wait, follow

LATEST_INTERVALS = 1.5


def await_heartbeat(recording: Recording[AgentList], agent: str, span: Budget) -> None:
    """Returns when the API reports a new heartbeat, so that the time of the last one is known.

    The first sample may show an old heartbeat. Returns as well when none arrives: the criteria judge that.
    """
    with suppress(Unmet):
        follow(
            Wait(f"agent {agent}", "a heartbeat seen by the API", span),
            recording,
            goal=lambda samples: len(received(samples, agent)) > 1 or None,
            says=lambda _: None,
            likely=lambda _: "the API reports no new heartbeat",
        )


def check_silence(
    recording: Recording[AgentList], agent: str, cut_at: float, *, interval: float, offline: str, span: Budget
) -> None:
    """Returns when the agent is offline, or when the span is over without a heartbeat.

    MethodUnavailable for a heartbeat later than one and a half intervals (in seconds) after the cut: by then every
    network has applied the cut, and the agent has sent one that the cut should have held back. An API that gives
    the time of each request as that of a heartbeat says nothing of the cut.
    """

    def gone(samples: Sequence[Stamped[AgentList]]) -> bool | None:
        return (samples[-1].at >= cut_at and samples[-1].item.status(agent) == offline) or None

    def heard(samples: Sequence[Stamped[AgentList]]) -> str | None:
        if reports_request_times(samples, agent):
            return None
        late = [beat for beat in received(samples, agent) if beat.at > cut_at + LATEST_INTERVALS * interval]
        return "a heartbeat arrived" if late else None

    wait = Wait(f"agent {agent}", "no heartbeat since the cut", span)
    try:
        follow(
            wait,
            recording,
            goal=gone,
            impossible=heard,
            says=lambda sample: sample.status(agent),
            likely=lambda _: "the cut has no effect",
        )
    except Unmet as unmet:
        if wait.outcome == "impossible":
            raise MethodUnavailable(
                f"{unmet.actual}; the cluster's network does not enforce it, or not on open connections, or the agent "
                "reaches the API by another port (agents.api_port of the profile)"
            ) from unmet
