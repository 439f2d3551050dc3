"""What the running scenario has to do with agents. What is not there yet is Unproven when a sentence asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.disruption.network_cut import cut, methods
from streamspace_acceptance.disruption.scaling import Scaling
from streamspace_acceptance.domain.agents.balance import Balance, balance
from streamspace_acceptance.domain.agents.heartbeat_gap import await_heartbeat, check_silence
from streamspace_acceptance.domain.agents.heartbeats import Pace, received, spacings, untimely
from streamspace_acceptance.domain.agents.logged_transitions import Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.presence import presence
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.undisturbed import SessionBefore
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import Unmet, require
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Recording, Wait, elapse, follow, now, sampling

HEARTBEATS_WATCHED = 4
OFFLINE_PATIENCE = 3  # times the offline window: so late that nobody would call it late
LONGER = 0.5  # of a heartbeat: how much longer than the plan's spans an agent is watched


class AgentsWorld:
    """The agents of the target, what the scenario does to them, and what was seen of them meanwhile."""

    def __init__(
        self,
        api: StreamSpaceApi,
        cluster: Cluster,
        budgets: Budgets,
        add_cleanup: Callable[[Callable[[], None]], object],
        netadmin_image: str,
    ) -> None:
        self.api = AgentApi(api)
        self._sessions = api
        self.cluster = cluster
        self.budgets = budgets
        self.profile = api.profile
        self.disruptions = Disruptions()
        self._netadmin_image = netadmin_image
        self.kept: list[SessionBefore] = []
        self._watches = ExitStack()
        self._pod: Pod | None = None
        self._pace: Pace | None = None
        self._outage: Outage | None = None
        self._transitions: Transitions | None = None
        self._order: QueuedCommand | None = None
        add_cleanup(self._watches.close)
        add_cleanup(self.disruptions.revert_all)

    def watch(self) -> Recording[AgentList]:
        """What the API says of the agents from now on, until the scenario is over."""
        return self._watches.enter_context(presence(self.api))

    def pods(self) -> list[Pod]:
        """The agents' pods that are there to stay."""
        return [pod for pod in self.cluster.pods(app=self.profile.agents.label) if pod.stays]

    def want_online(self, count: int) -> None:
        """So many agents and no other are online, each a Ready pod of the agents' Deployment; Unmet otherwise."""
        if self.cluster.replicas(self.profile.agents.deployment) != count:
            self.scale(count)
        self.wait_for_online(count)
        self._pod = next(iter(self.pods()), None)

    def wait_for_online(self, count: int) -> AgentList:
        """The list in which exactly `count` agents are online, by the names of their Ready pods; Unmet otherwise."""
        goal = f"{count} online, each a Ready pod of the Deployment" if count else "none online"
        with presence(self.api) as recording:
            return follow(
                Wait("agents", goal, self.budgets.named("agents")),
                recording,
                goal=lambda samples: samples[-1].item if self._complete(samples[-1].item, count) else None,
                says=AgentList.describe,
                likely=lambda _: f"the agents' pods: {', '.join(pod.describe() for pod in self.pods()) or 'none'}",
            )

    def scale(self, count: int) -> None:
        """Scales the agents' Deployment, until the scenario is over."""
        self.disruptions.apply(Scaling(self.cluster, self.profile.agents.deployment, count))

    def balance(self, sessions: Sequence[Session]) -> Balance:
        """Which of the agents that are online serves how many of the sessions."""
        return balance(self._sessions, self.cluster, sessions, self.api.all().online)

    def keep(self, session: Session, pod: Pod) -> None:
        """A session that is to be left alone from now on."""
        self.kept.append(SessionBefore(session, pod))

    # Heartbeats

    def watch_heartbeats(self) -> None:
        """Follows the heartbeats of the agent for some intervals, in its log and in what the API says of it."""
        pod, interval = self.pod, self.budgets.named("heartbeat").seconds
        began = now()
        recording = self.watch()
        span = self._span("heartbeat", heartbeat=HEARTBEATS_WATCHED * 2)
        with suppress(Unmet):  # how many were seen, and how far apart, is judged by the sentence
            follow(
                Wait(f"agent {pod.meta.name}", f"{HEARTBEATS_WATCHED} heartbeats seen by the API", span),
                recording,
                goal=lambda samples: len(received(samples, pod.meta.name)) > HEARTBEATS_WATCHED or None,
                says=lambda _: None,
                likely=lambda _: "the agent or the API does not keep to the pace",
            )
        # The log's lines may reach back to before: the same agent, the same pace.
        lines = self.cluster.stamped_lines(pod.meta.name, since_seconds=int(now() - began + 2 * interval))
        logged = [at for at, line in lines if self.profile.agents.heartbeat_line in line]
        seen = [each.item for each in received(recording.items(), pod.meta.name)][1:]
        found = {"the agent's log": spacings(logged), "the API's lastHeartbeat": spacings(seen)}
        self._pace = Pace(pod.meta.name, interval, found, untimely(recording.items(), pod.meta.name))
        attachments.attach_text("heartbeats", self._pace.table())

    @property
    def pace(self) -> Pace:
        """The pace of the heartbeats that were watched."""
        return require(self._pace, "no heartbeats were watched")

    # An order while no agent is there

    def hibernate_while_offline(self, session: Session, pod: Pod) -> None:
        """Puts a session to sleep while no agent is there, lets them come back, and follows what becomes of it."""
        status = partial(self._sessions.status, session.id)
        with sampling(status, every=POLL_SECONDS, what=f"the status of {session.id}") as said:
            given = now()
            answer = self._sessions.order_hibernation(session.id)
            elapse(Wait(session.subject, "no agent is there for the order", self._span(heartbeat=1)))
            self.disruptions.revert_all()
            self.wait_for_online(self.cluster.replicas(self.profile.agents.deployment))
            back, trouble = now(), None
            try:
                session.wait_for_no_pod(frozenset({pod.meta.uid}), within="hibernation")
                session.wait_for_phase(self.profile.statuses["hibernated"], within="hibernation")
            except Unmet as unmet:
                trouble = unmet
            elapse(Wait(session.subject, "nothing more comes of the order", self._span(heartbeat=1)))
            phase = self.cluster.session_object(session.id)
            self._order = QueuedCommand(session, pod, answer, given, back, now(), said.items(), phase, trouble)

    @property
    def queued_command(self) -> QueuedCommand:
        """The order that was given while no agent was there."""
        return require(self._order, "no order was given")

    # An outage

    def cut_off(self) -> None:
        """Cuts the agent off from the API until it is offline and for a heartbeat longer; heals it, and watches on.

        It is watched for longer than two heartbeats and the stale threshold together, so that flapping is seen.
        """
        pod, recording = self.pod, self.watch()
        subject = f"agent {pod.meta.name}"
        self._transitions = Transitions(self.cluster, self.profile.agents, pod.meta.name)
        port, api = self.profile.agents.api_port, self.profile.agents.api_label
        await_heartbeat(recording, pod.meta.name, self._span("heartbeat", heartbeat=2))
        among = methods(self.cluster, pod, port, api_label=api, image=self._netadmin_image)
        made = cut(self.disruptions, among, partial(self._check_cut, recording, pod))
        attachments.attach_text("the disruption", made.describe())
        self._await(recording, pod, self.offline_word, made.at, self._span(offline=OFFLINE_PATIENCE))
        elapse(Wait(subject, "it stays cut off", self._span(heartbeat=1)))
        healed = now()
        self.disruptions.revert(made.method)
        self._await(recording, pod, self.online_word, healed, self._span(reconnection=2))
        elapse(Wait(subject, "it stays online", self._span(heartbeat=2 + LONGER, offline=1)))
        self._outage = Outage(
            pod.meta.name, made.at, healed, now(), recording.items(), self.profile.statuses, made.method.name
        )
        self._transitions.look()

    def _check_cut(self, recording: Recording[AgentList], pod: Pod, cut_at: float) -> None:
        """Whether the agent falls silent: no heartbeat but one that was on its way, or offline; else NotPossible."""
        interval, span = self.budgets.named("heartbeat").seconds, self._span("silence", heartbeat=3)
        word = self.offline_word
        check_silence(recording, pod.meta.name, cut_at, interval=interval, offline=word, span=span)

    @property
    def outage(self) -> Outage:
        """The outage that was."""
        return require(self._outage, "no agent was cut off")

    @property
    def transitions(self) -> Transitions:
        """What the API's log says of the agent's outage."""
        return require(self._transitions, "no agent was cut off")

    @property
    def pod(self) -> Pod:
        """The pod of the agent that the scenario is about."""
        return require(self._pod, "no agent is there")

    @property
    def offline_word(self) -> str:
        """The API's word for an agent that is away."""
        return self.profile.statuses["agent_offline"]

    @property
    def online_word(self) -> str:
        """The API's word for an agent that is there."""
        return self.profile.statuses["agent_online"]

    def _await(self, recording: Recording[AgentList], pod: Pod, word: str, since: float, span: Budget) -> None:
        """Follows what the API says of the agent until it is `word`; whether it came to that is judged later."""
        with suppress(Unmet):
            follow(
                Wait(f"agent {pod.meta.name}", f"called {word}", span),
                recording,
                goal=lambda samples: (
                    (samples[-1].at >= since and samples[-1].item.status(pod.meta.name) == word) or None
                ),
                says=lambda sample: sample.status(pod.meta.name),
                likely=lambda _: "see the sentences about it",
            )

    def _complete(self, listed: AgentList, count: int) -> bool:
        if len(listed.online) != count or listed.twice:
            return False
        pods = self.pods()
        return listed.online == {pod.meta.name for pod in pods} and all(pod.ready for pod in pods)

    def _span(self, name: str = "outage", **times: float) -> Budget:
        """So many times each of the plan's spans, taken together."""
        seconds = sum(factor * self.budgets.named(span).plan_seconds for span, factor in times.items())
        return Budget(name, seconds, self.budgets.scale)
