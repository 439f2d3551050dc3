"""Sessions that an agent has to start: woken or requested while none was online, and their pods afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from streamspace_acceptance.cluster.objects import Pod, is_of_a_job
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.waiting import Stamped, Timeline, now

WOKEN, REQUESTED = "woken", "requested"


@dataclass(frozen=True)
class StartCommand:
    """The command to start a session. `kind` is WOKEN or REQUESTED; `former` are the uids of its pods before."""

    session: Session
    kind: str
    answer: Answer
    given: float
    former: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """For a failure."""
        return f"{self.session.subject}, {self.kind} while no agent was online"


@dataclass(frozen=True)
class QueuedStart:
    """Such a command and its effect. `statuses` is the API's status of the session from the command on.

    `trouble` says why it had no Ready pod once the agents were online again; `untrue` why it was not Running then.
    """

    command: StartCommand
    statuses: Sequence[Stamped[str]]
    trouble: Unmet | None = None
    untrue: Unmet | None = None

    @property
    def pods(self) -> dict[str, list[Stamped[Pod]]]:
        """The states of each pod that came after the command, by uid; without those of Jobs."""
        found: dict[str, list[Stamped[Pod]]] = {}
        for change in self.command.session.changes.items():
            pod = Pod.of(change.item.object)
            if pod.meta.uid not in self.command.former and not is_of_a_job(pod.object):
                found.setdefault(pod.meta.uid, []).append(Stamped(change.at, pod))
        return found

    @property
    def ran(self) -> float | None:
        """When a pod of it was first seen running; None if none was."""
        return min((state.at for states in self.pods.values() for state in states if state.item.running), default=None)

    def history(self) -> Timeline:
        """The changes of the API's status and the states of the pods, from the command on."""
        line = Timeline(self.command.given)
        states = [Stamped(state.at, state.item.describe()) for states in self.pods.values() for state in states]
        for event in sorted([*changes(self.statuses), *states], key=lambda event: event.at):
            line.note(event.item, event.at)
        return line

    def timeline(self) -> str:
        """The same on one line, for a failure."""
        return self.history().render()


def changes(statuses: Iterable[Stamped[str]]) -> list[Stamped[str]]:
    """Each status as it was first seen; again after another one."""
    return [next(same) for _, same in groupby(statuses, key=lambda status: status.item)]


def hibernated_session(scenario: Scenario) -> Session | None:
    """One more session, hibernated. None where the product cannot do that with its agents online (see 1.4)."""
    api, asked = scenario.clients.api, scenario.results[Creation].asked
    words = api.profile.statuses
    try:
        session = actions.request_new(scenario, asked.user, asked.template)
        session.wait_for_ready_pod(within="start")
        session.wait_for_status(words["running"], within="start")
        api.hibernate_session(session.id)
        session.wait_for_status(words["hibernated"], within="hibernation")
    except Unmet as unmet:
        attachments.attach_text("no session is woken while no agent is online", str(unmet))
        return None
    return session


def command(scenario: Scenario, hibernated: Session | None) -> list[StartCommand]:
    """Wakes the session if it still is hibernated, and requests one more, where the API makes one now."""
    starts, registry, asked = list[StartCommand](), scenario.registry, scenario.results[Creation].asked
    if hibernated is not None and _is_hibernated(hibernated):
        former, given = hibernated.known_uids(), now()
        answer = scenario.clients.api.order_waking(hibernated.id)
        starts.append(StartCommand(hibernated, WOKEN, answer, given, former))
    given, made = now(), registry.ask(asked.user, asked.template, None)
    if made.id is not None:
        starts.append(StartCommand(registry.enter(made.id), REQUESTED, made.answer, given))
    return starts


def _is_hibernated(session: Session) -> bool:
    """Whether the API says so. One that says nothing of a session meanwhile is judged by its sessions' statuses."""
    try:
        return session.api.status(session.id) == session.api.profile.statuses["hibernated"]
    except Unmet:
        return True


def wait_until_running(command: StartCommand) -> tuple[Unmet | None, Unmet | None]:
    """Why the session has no Ready pod, and why it is not Running; None where it does, or if the API refused."""
    session = command.session
    if not command.answer.ok:
        return None, None
    try:
        session.wait_for_ready_pod(within="start", other_than=command.former)
    except Unmet as trouble:
        return trouble, None
    try:
        session.wait_for_status(session.api.profile.statuses["running"], within="start")
    except Unmet as untrue:
        return None, untrue
    return None, None
