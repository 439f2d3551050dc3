"""The pace of an agent's heartbeats: sent, by the agent's log; and received, by the API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from streamspace_acceptance.cluster.logs import LogFollower, texts
from streamspace_acceptance.domain.agents.fleet import ObservedAgent, watch
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.waiting import Stamped, Wait, follow, sampling

LOOKS_PER_HEARTBEAT = 3
LOG, API = "the agent's log", "the API's lastHeartbeat"
SAME_HEARTBEAT = 0.1  # of an interval: lines that are so close tell of one heartbeat
LONGEST_LOOK = 0.75  # of an interval: between two answers that are further apart, a heartbeat may come and be replaced

FEWEST_ANSWERS, MOST_BEATS = 5, 0.8
"""Ten answers of the API come in a second: no agent sends a heartbeat for each."""
CLOCKS_APART_SECONDS = 60.0
"""Real seconds, not scaled: less than between any two time zones, and the plan calls an agent lost after so many."""


@dataclass(frozen=True)
class Pace:
    """Seconds between one heartbeat and the next, by source. Each source uses one clock throughout.

    `untimely` says why the times that the API reports are wrong; empty if they are right. `rotated` are the sources of
    which lines or answers are missing. `refusal`: why the suite may not read the agent's log; empty if it may.
    `lost` is the first other status than online that the API gave the agent meanwhile; empty if there was none.
    """

    agent_id: str
    interval: float
    spacings: dict[str, list[float]]
    untimely: str = ""
    rotated: frozenset[str] = frozenset()
    refusal: str = ""
    lost: str = ""

    def table(self) -> str:
        """For the report."""
        return "\n".join(
            f"{source}: {', '.join(f'{gap:.2f} s' for gap in spacings) or 'none seen'}"
            for source, spacings in self.spacings.items()
        )


def watch_heartbeats(scenario: Scenario, count: int) -> None:
    """Follows the agent's heartbeats for `count` intervals, in its log and in the API's list of agents."""
    clients, agent = scenario.clients, scenario.results[ObservedAgent]
    interval, recording = clients.budgets.named("heartbeat").seconds, watch(scenario)
    span = clients.budgets.spans("heartbeat", heartbeat=count * 2)
    # The log's lines may reach back to before: the same agent, the same pace. A node may keep few of them.
    log = LogFollower(clients.cluster.log(agent.pod), recent_seconds=2 * interval)
    with suppress(Unmet), sampling(log.look, every=interval / LOOKS_PER_HEARTBEAT, what="the agent's log"):
        # The expectation judges how many there were, and how far apart.
        follow(
            Wait(agent.subject, f"{count} heartbeats seen by the API", span),
            recording,
            goal=lambda samples: len(received(samples, agent.id)) > count or None,
            says=lambda _: None,
            likely=lambda _: "the agent or the API does not keep to the pace",
        )
    mark = clients.profile.agents.heartbeat_line
    logged = [line.at for line in log.look() if mark and any(mark in text for text in texts(line.text))]
    seen = [beat.item for beat in received(recording.items(), agent.id)][1:]
    sources = ({LOG: spacings(apart(logged, SAME_HEARTBEAT * interval))} if mark and not log.refusal else {}) | {
        API: spacings(seen)
    }
    lost = frozenset({LOG} if log.has_gap else ()) | ({API} if looked_seldom(recording.items(), interval) else set())
    refusal = log.refusal if mark else ""
    statuses = [sample.item.status(agent.id) for sample in recording.items() if not sample.item.trouble]
    fallen = next((status for status in statuses if status != clients.profile.statuses["agent_online"]), "")
    scenario.results.put(
        Pace(agent.id, interval, sources, untimely(recording.items(), agent.id), lost, refusal, fallen)
    )


def apart(moments: Sequence[float], least: float) -> list[float]:
    """The moments that come so many seconds after the one before: an agent may log one heartbeat in several lines."""
    kept: list[float] = []
    for moment in moments:
        if not kept or moment - kept[-1] >= least:
            kept.append(moment)
    return kept


def spacings(moments: Sequence[float]) -> list[float]:
    """The differences of moments in order."""
    return [later - earlier for earlier, later in pairwise(moments)]


def looked_seldom(samples: Sequence[Stamped[AgentList]], interval: float) -> bool:
    """Whether the API's answers came so far apart that a heartbeat may have gone unseen."""
    return any(gap > LONGEST_LOOK * interval for gap in spacings([sample.at for sample in samples]))


def untimely(samples: Sequence[Stamped[AgentList]], agent_id: str) -> str:
    """The reason why a heartbeat cannot have been at the time that the API reports; empty if it can.

    The date of the API's answers shows the API's own clock. Clocks of different machines may differ a little.
    """
    last = samples[-1].item.agent(agent_id) if samples else None
    if last is not None and last.last_heartbeat is None:
        return f"lastHeartbeat reads {json.dumps(last.no_time)}, which is not a time"
    beats = [beat.at for beat in received(samples, agent_id)][1:]
    for sample in (candidate for candidate in samples if candidate.at in beats):
        agent, date = sample.item.agent(agent_id), sample.item.date
        if agent is None or agent.last_heartbeat is None:
            continue
        if not agent.zoned:
            return "lastHeartbeat has no time zone"
        if date is not None and abs(date - agent.last_heartbeat) > CLOCKS_APART_SECONDS:
            return f"a heartbeat that has just come in was {_ago(date - agent.last_heartbeat)} by lastHeartbeat"
    return ""


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds > 0 else f"{-seconds:.0f} s in the future"


def reports_request_times(samples: Sequence[Stamped[AgentList]], agent_id: str) -> bool:
    """Whether the API gives the time of each request as that of a heartbeat: nearly every answer has another one."""
    return len(samples) >= FEWEST_ANSWERS and len(received(samples, agent_id)) > MOST_BEATS * len(samples)


def received(samples: Sequence[Stamped[AgentList]], agent_id: str) -> list[Stamped[float]]:
    """Each heartbeat that the API reported, by the API's clock, stamped when the suite first saw it.

    For a moment after a new one, a server that is behind may report the one before: that is not another one.
    """
    heartbeats: list[Stamped[float]] = []
    for sample in samples:
        agent = sample.item.agent(agent_id)
        beat = None if agent is None else agent.last_heartbeat
        if beat is not None and (not heartbeats or _is_another(beat, sample.at, heartbeats[-1])):
            heartbeats.append(Stamped(sample.at, beat))
    return heartbeats


def _is_another(beat: float, at: float, last: Stamped[float]) -> bool:
    return beat > last.item or (beat < last.item and at - last.at >= BEHIND_SECONDS)
