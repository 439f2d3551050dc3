"""An outage of an agent's network: cut until the agent is offline, restored, and watched until it stays online."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.disruption.network_cut import cut, methods
from streamspace_acceptance.domain.agents.fleet import ObservedAgent, watch
from streamspace_acceptance.domain.agents.heartbeat_gap import await_heartbeat, check_silence
from streamspace_acceptance.domain.agents.logged_transitions import Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.waiting import Budget, Recording, Wait, elapse, follow, now

OFFLINE_PATIENCE = 3  # times the offline window: a later change of status is certainly too late
LONGER = 0.5  # of a heartbeat: how much longer than the plan's spans an agent is watched


def cut_off(scenario: Scenario) -> None:
    """Cuts the agent off until it has been offline for a heartbeat, reverts the cut, and watches on.

    It is watched for longer than two heartbeats and the stale threshold together, so that flapping is seen.
    """
    clients, agent = scenario.clients, scenario.results[ObservedAgent]
    profile, statuses, spans = clients.profile.agents, clients.profile.statuses, clients.budgets.spans
    offline, online = statuses["agent_offline"], statuses["agent_online"]
    recording = watch(scenario)
    names = dict.fromkeys((agent.id, agent.pod.meta.name))
    transitions = scenario.results.put(Transitions(clients.cluster, profile, tuple(names)))
    await_heartbeat(recording, agent.id, spans("heartbeat", heartbeat=2))
    check = partial(
        check_silence,
        recording,
        agent.id,
        interval=clients.budgets.named("heartbeat").seconds,
        offline=offline,
        span=spans("silence", heartbeat=3),
    )
    available = methods(
        clients.cluster, agent.pod, profile.api_port, api_labels=profile.api_labels, image=clients.netadmin_image
    )
    meter = NodeBusyMeter.begin(clients.cluster)
    try:
        made = cut(scenario.disruptions, available, check)
    except (ClusterError, Unproven) as error:
        if denied := rights.missing(clients.cluster, rights.DISRUPTIVE):
            namespace = clients.cluster.namespace
            raise Unproven(rights.sentence(denied, namespace, rights.FILE_OF_PHASE_3)) from error
        if (relied := scenario.results.find(ReliedPods)) is not None and (deleted := relied.deleted()):
            raise Unproven(f"{deleted}; {error}") from error
        raise
    attachments.attach_text("the disruption", made.describe())
    _await_status(recording, agent, offline, made.at, spans(offline=OFFLINE_PATIENCE))
    transitions.look()
    elapse(Wait(agent.subject, "it stays cut off", spans(heartbeat=1)))
    scenario.disruptions.check_held()
    reverted = now()
    scenario.disruptions.revert(made.method)
    restored = now()
    _await_status(recording, agent, online, reverted, spans(reconnection=2))
    elapse(Wait(agent.subject, "it stays online", spans(heartbeat=2 + LONGER, offline=1)))
    scenario.results.put(
        Outage(
            agent.id,
            made.at,
            reverted,
            now(),
            recording.items(),
            statuses,
            made.method.name,
            restored,
            meter.shares(),
        )
    )
    transitions.look()


def _await_status(
    recording: Recording[AgentList], agent: ObservedAgent, status: str, since: float, span: Budget
) -> None:
    """Follows the API's status of the agent until it is `status`; the criteria judge whether it ever was."""
    with suppress(Unmet):
        follow(
            Wait(agent.subject, f"reported {status}", span),
            recording,
            goal=lambda samples: (samples[-1].at >= since and samples[-1].item.status(agent.id) == status) or None,
            says=lambda sample: sample.status(agent.id),
            likely=lambda _: "see the criteria about it",
        )
