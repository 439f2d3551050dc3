"""A command that was given while no agent was connected, and its effect once the agents reconnected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial

from streamspace_acceptance.cluster.objects import Pod, SessionObject, is_of_a_job
from streamspace_acceptance.domain.agents import queued_starts
from streamspace_acceptance.domain.agents.fleet import require_online, wait_for_online
from streamspace_acceptance.domain.agents.queued_starts import QueuedStart, changes
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.agents import TOLD, AgentApi
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.waiting import (
    POLL_SECONDS,
    Budget,
    Recording,
    Stamped,
    Timeline,
    Wait,
    elapse,
    now,
    sampling,
)

NOT_TOLD = "not told"
"""In the place of a status that the API did not give."""


@dataclass(frozen=True)
class QueuedDeletion:
    """The command to delete a session. `trouble` says why its pod was not gone once the agents were online again."""

    session: Session
    answer: Answer
    trouble: Unmet | None


@dataclass(frozen=True)
class QueuedCommand:
    """The command to hibernate a session. Moments are of the monotonic clock.

    given, back, ended: when it was given, when the agents were online again, and when watching ended. `statuses` is the
    API's status of the session, ten times a second throughout; `trouble` says why its pod was not deleted. `phase` is
    the session in Kubernetes in the end; None where there is none, or none that says its status. `others` are the
    commands that were given right after it, for other sessions: a queue may lose all but one. `other_ids` says that the
    agents have come back under other ids; empty if they have not. `deletion` was requested last. `starts` are those of
    the session that was woken, and of one that was requested, if the API made it.
    """

    session: Session
    pod: Pod
    answer: Answer
    given: float
    back: float
    ended: float
    statuses: Sequence[Stamped[str]]
    phase: SessionObject | None
    trouble: Unmet | None
    others: tuple[QueuedCommand, ...] = ()
    other_ids: str = ""
    deletion: QueuedDeletion | None = None
    starts: tuple[QueuedStart, ...] = ()

    @property
    def pod_events(self) -> list[Stamped[str]]:
        """The changes of the session's pods since the command, each once: `pod name Running`, `pod name deleted`."""
        events: dict[tuple[str, str], Stamped[str]] = {}
        for change in self.session.changes.items():
            if change.at < self.given:
                continue
            pod, deleted = Pod.of(change.item.object), change.item.kind == "DELETED"
            state = "deleted" if deleted else pod.phase if pod.stays else "being deleted"
            events.setdefault((pod.meta.uid, state), Stamped(change.at, f"pod {pod.meta.name} {state}"))
        return list(events.values())

    @property
    def other_pods(self) -> bool:
        """Whether a pod came or went that is not the one before the command, though it may have its name.

        One that was over before is none that serves the session; nor are those of Jobs, unless its own pod is a Job's.
        """
        later = [Pod.of(change.item.object) for change in self.session.changes.items() if change.at >= self.given]
        others = [pod for pod in later if pod.meta.uid != self.pod.meta.uid and not pod.is_over]
        return any(is_of_a_job(self.pod.object) or not is_of_a_job(pod.object) for pod in others)

    @property
    def pod_went(self) -> float | None:
        """When the deletion of the session's pod began; None when it stayed."""
        changes = [
            change
            for change in self.session.changes.items()
            if Pod.of(change.item.object).meta.uid == self.pod.meta.uid
        ]
        return next(
            (change.at for change in changes if change.item.kind == "DELETED" or not Pod.of(change.item.object).stays),
            None,
        )

    def history(self) -> Timeline:
        """The API's status before the command, and from the command on its changes and those of the pods."""
        line = Timeline(self.given)
        marks = [Stamped(self.back, "agents online again")]
        for event in sorted([*changes(self.statuses), *self.pod_events, *marks], key=lambda event: event.at):
            line.note(event.item, event.at)
        return line

    def timeline(self) -> str:
        """The same on one line, for a failure."""
        return self.history().render()


def command_while_offline(scenario: Scenario, delay: Budget) -> None:
    """Commands the sessions while no agent is online, lets the agents reconnect after `delay`, and looks on.

    The hibernated one is woken, and one more requested. The last one of other users is deleted, the rest are
    hibernated, the scenario's own first. A session keeps its pod when its agent is stopped, which test 3.1 judges.
    """
    clients, session, pod = scenario.clients, scenario.session, scenario.lifecycle.pod
    *others_of_scenario, ended = _beside(scenario)
    beside = [(other, other.wait_for_ready_pod(within="start")) for other in others_of_scenario]
    hibernated = queued_starts.hibernated_session(scenario)
    before = AgentApi(clients.api).all().online
    require_online(scenario, 0)
    spans = clients.budgets.spans
    sessions = [session, *(other for other, _ in beside)]
    with ExitStack() as watches:
        statuses = [watches.enter_context(_sampled(clients.api, watched)) for watched in sessions]
        given = now()
        answer = clients.api.order_hibernation(session.id)
        later = [(other, its_pod, now(), clients.api.order_hibernation(other.id)) for other, its_pod in beside]
        starts = [
            (start, watches.enter_context(_sampled(clients.api, start.session)))
            for start in queued_starts.command(scenario, hibernated)
        ]
        deletion_answer = clients.api.delete_session(ended.id)
        elapse(Wait(session.subject, "no agent carries the command out", delay))
        scenario.disruptions.check_held()
        scenario.disruptions.revert_all()
        online = wait_for_online(scenario, clients.cluster.replicas(clients.profile.agents.deployment)).online
        back, other_ids = now(), _other_ids(before, online)
        trouble = _trouble(session, pod)
        troubles = [None if trouble else _trouble(other, its_pod) for other, its_pod in beside]
        deletion = QueuedDeletion(ended, deletion_answer, None if trouble else _stays(ended))
        outcomes = [(None, None) if trouble else queued_starts.wait_until_running(start) for start, _ in starts]
        elapse(Wait(session.subject, "the command has no further effect", spans(heartbeat=1)))
        phases = [_phase(clients, watched) for watched in sessions]
        over = now()
        seen = [recording.items() for recording in statuses]
        others = tuple(
            QueuedCommand(
                other, its_pod, its_answer, at, back, over, seen[number], phases[number], its_trouble, (), other_ids
            )
            for number, ((other, its_pod, at, its_answer), its_trouble) in enumerate(
                zip(later, troubles, strict=True), start=1
            )
        )
        started = tuple(
            QueuedStart(start, recording.items(), *outcome)
            for (start, recording), outcome in zip(starts, outcomes, strict=True)
        )
        command = QueuedCommand(
            session, pod, answer, given, back, over, seen[0], phases[0], trouble, others, other_ids, deletion, started
        )
    scenario.results.put(command)


def _sampled(api: StreamSpaceApi, session: Session) -> AbstractContextManager[Recording[str]]:
    return sampling(partial(_status, api, session.id), every=POLL_SECONDS, what=f"the status of {session.id}")


def _phase(clients: Clients, session: Session) -> SessionObject | None:
    return clients.cluster.session_object(session.id) if clients.profile.object_phase else None


def _status(api: StreamSpaceApi, session: str) -> str:
    """The API's status of the session, or NOT_TOLD with what it answered instead."""
    try:
        return api.status(session)
    except Unmet as unmet:
        return f"{NOT_TOLD}: {unmet.actual[:TOLD]}"


def _other_ids(before: Collection[str], online: Collection[str]) -> str:
    if set(before) & set(online) or not before:
        return ""
    return f"the agents are back as {', '.join(sorted(online))}, and were {', '.join(sorted(before))}"


def _beside(scenario: Scenario) -> list[Session]:
    return [session for session in scenario.registry.sessions if session is not scenario.session]


def _stays(session: Session) -> Unmet | None:
    """Why the pod of a deleted session is not gone; None once it is."""
    try:
        session.wait_for_no_pod(session.known_uids(), within="deletion")
    except Unmet as unmet:
        return unmet
    return None


def _trouble(session: Session, pod: Pod) -> Unmet | None:
    """Why a session is not hibernated; None once it is."""
    try:
        session.wait_for_no_pod(frozenset({pod.meta.uid}), within="hibernation")
        session.wait_for_phase(session.api.profile.statuses["hibernated"], within="hibernation")
    except Unmet as unmet:
        return unmet
    return None
