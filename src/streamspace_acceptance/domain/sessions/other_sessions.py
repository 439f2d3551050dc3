"""The sessions beside the one that a scenario is about: what is done to that one must not reach them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streamspace_acceptance.cluster.objects import Pod, is_of_a_job
from streamspace_acceptance.cluster.taken_pods import taken
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session


@dataclass(frozen=True)
class OtherSession:
    """A session that ran on one pod: its state now. `trouble` is empty if it still does.

    `excuse`: why the cluster took its pod; empty if it did not.
    """

    id: str
    state: str
    trouble: str
    excuse: str = ""


@dataclass(frozen=True)
class Before:
    """The ids of the other sessions that were not as they should be already before the command: no command's doing."""

    troubled: frozenset[str]


def look(scenario: Scenario) -> list[OtherSession]:
    """Each session of the scenario but its own, as it is now. It has no trouble if it had one before the command."""
    before = scenario.results.find(Before) or Before(frozenset())
    found = [_look(session) for session in scenario.registry.sessions if session is not scenario.session]
    return [replace(other, trouble="", excuse="") if other.id in before.troubled else other for other in found]


def look_before(scenario: Scenario) -> None:
    """Keeps how the other sessions are before a command is given to the scenario's own."""
    scenario.results.put(Before(frozenset(other.id for other in look(scenario) if other.trouble)))


def _look(session: Session) -> OtherSession:
    status, pods, running = session.api.status(session.id), session.pods(), session.api.profile.statuses["running"]
    state = f"{status}, with {', '.join(pod.describe() for pod in pods) or 'no pod'}"
    changes = [(change.item.kind, Pod.of(change.item.object)) for change in session.changes.items()]
    # Kubernetes calls a pod that it deletes over, too, shortly before it is gone.
    evicted = {pod.meta.uid for _, pod in changes if pod.is_over and not pod.meta.deleting}
    gone = [
        pod
        for kind, pod in changes
        if kind == "DELETED" and not is_of_a_job(pod.object) and pod.meta.uid not in evicted
    ]
    is_as_before = status == running and not gone and any(pod.stays for pod in pods)
    trouble = "" if is_as_before else f"{session.id} is {state}{' after another one' if gone and pods else ''}"
    excuse = next(filter(None, (taken(session.cluster, pod.meta.uid, pod.node) for pod in gone)), "")
    return OtherSession(session.id, state, trouble, excuse)
