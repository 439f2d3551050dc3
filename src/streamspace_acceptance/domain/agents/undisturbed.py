"""Whether sessions were left alone while their agent was offline, by the watch over their pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from streamspace_acceptance.cluster.containers import status_of
from streamspace_acceptance.cluster.objects import Json, Pod, is_of_a_job
from streamspace_acceptance.cluster.taken_pods import taken
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.input_probe import InputProbe, probe_input
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session, present
from streamspace_acceptance.measuring.node_busy import saturated
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.waiting import Timeline

NOT_READY = "not Ready"


@dataclass(frozen=True)
class SessionBefore:
    """The pod of a session that is to be kept, as it was before; its user and template, as they were asked for."""

    session: Session
    pod: Pod
    user: str = ""
    template: str = ""

    def disturbances(self, since: float, until: float) -> list[str]:
        """The troubles of the session's pods between two moments of the monotonic clock; empty if there were none."""
        line = Timeline(since)
        for change in self.session.changes.items():
            now = Pod.of(change.item.object)
            trouble = self._trouble(now)
            if change.item.kind == "DELETED" and now.meta.uid == self.pod.meta.uid:
                trouble = "gone"
            if since <= change.at <= until and trouble:
                line.note(f"{now.describe()}: {trouble}", change.at)
        return [f"+{offset:.1f} s {text}" for offset, text in line.entries]

    def excuse(self, disturbances: Sequence[str], busy: Mapping[str, float]) -> str:
        """Why those are not the product's doing; empty if they are.

        The cluster may have taken the pod. On a node without a spare processor a probe fails for a moment.
        """
        if why := taken(self.session.cluster, self.pod.meta.uid, self.pod.node):
            return why
        passed = all(words.endswith(NOT_READY) for words in disturbances) and self.trouble() is None
        node = str(self.pod.node)
        return saturated({node: busy[node]}) if passed and node in busy else ""

    def neighbours(self, since: float, until: float) -> list[str]:
        """The moments in which the pod was not Ready although its desktop was: a container beside it, or the node."""
        return [
            f"+{change.at - since:.1f} s {Pod.of(change.item.object).describe()}"
            for change in self.session.changes.items()
            if since <= change.at <= until and change.item.kind != "DELETED" and self._is_neighbours(change.item.object)
        ]

    def trouble(self) -> str | None:
        """The trouble with the session's pods now: anything but one Ready pod, old or new; None if all is well."""
        pods = [pod for pod in present(self.session.changes.items()) if pod.stays and not self._only_works(pod)]
        sound = len(pods) == 1 and pods[0].ready
        return None if sound else f"its pods are: {', '.join(pod.describe() for pod in pods) or 'none'}"

    def _trouble(self, now: Pod) -> str | None:
        if now.meta.uid != self.pod.meta.uid and (now.is_over or self._only_works(now)):
            return None  # of before: it only lies about; or of a Job: it does not serve the session
        if now.meta.uid != self.pod.meta.uid:
            return "another pod than before"
        container = self.session.cluster.main_container(self.pod.object).name
        if times := now.restarts_of(container) - self.pod.restarts_of(container):
            return f"container {container} started again {times} times"
        return None if now.ready or self._is_neighbours(now.object) else NOT_READY

    def _only_works(self, pod: Pod) -> bool:
        """Whether a pod is a Job's beside the session's own, unless that is one itself."""
        return is_of_a_job(pod.object) and not is_of_a_job(self.pod.object)

    def _is_neighbours(self, pod: Json) -> bool:
        """Whether the pod is not Ready although its desktop's container is."""
        now = Pod.of(pod)
        container = status_of(pod, self.session.cluster.main_container(self.pod.object).name)
        return now.stays and not now.ready and bool(container.get("ready"))


@dataclass(frozen=True)
class SessionAfter:
    """A session as it is now: by the API, by Kubernetes, by its pod, and by input into its desktop."""

    kept: SessionBefore
    running: str
    status: str
    phase: str | None
    pod_trouble: str | None
    trial: InputProbe


class KeptSessions(list[SessionBefore]):
    """The sessions of the scenario that nothing may touch."""


def start_to_keep(scenario: Scenario, user: str, template: str) -> None:
    """A running session that nothing may touch from now on; Unmet when it does not become Running."""
    lifecycle = actions.start(scenario, user, template)
    kept = scenario.results.find(KeptSessions) or KeptSessions()
    scenario.results.put(KeptSessions([*kept, SessionBefore(lifecycle.session, lifecycle.pod, user, template)]))


@dataclass(frozen=True)
class CommandTrial:
    """A session that an agent had to start: the API's answer, its pods, and why it got none in time.

    `untold` says why the API does not report it Running, though its pod is Ready.
    """

    answer: Answer
    pods: tuple[str, ...] = ()
    trouble: Unmet | None = None
    untold: Unmet | None = None


def try_command(scenario: Scenario) -> CommandTrial:
    """Requests one more session, which an agent has to start.

    A request that is refused, as for want of room, says nothing.
    """
    kept = scenario.results[KeptSessions][0]
    made = scenario.registry.ask(kept.user, kept.template, None)
    if made.id is None:
        return CommandTrial(made.answer)
    session = scenario.registry.enter(made.id)
    try:
        session.wait_for_a_pod(within="start")
    except Unmet as unmet:
        return CommandTrial(made.answer, trouble=unmet)
    untold = _why_not_running(session)
    return CommandTrial(made.answer, tuple(pod.describe() for pod in session.pods()), untold=untold)


def _why_not_running(session: Session) -> Unmet | None:
    """Why a session is not Running although its pod is Ready; None if it is, or where the pod cannot start."""
    with suppress(Unmet, Unproven):
        session.wait_for_ready_pod(within="start")
        try:
            session.wait_for_status(session.api.profile.statuses["running"], within="start")
        except Unmet as untold:
            return untold
    return None


def look_at_kept(scenario: Scenario) -> Iterator[SessionAfter]:
    """Each kept session as it is now, and whether its desktop accepts input in a browser."""
    return (_look(scenario, kept) for kept in scenario.results[KeptSessions])


def _look(scenario: Scenario, kept: SessionBefore) -> SessionAfter:
    """Opens the session's desktop as its user would and works in it; Unmet when that cannot be done."""
    session, desktop = kept.session, scenario.new_desktop(kept.session)
    obj = session.cluster.session_object(session.id)
    desktop.open_whole(scenario.clients.browser)
    return SessionAfter(
        kept,
        session.api.profile.statuses["running"],
        session.api.status(session.id),
        None if obj is None else obj.phase,
        kept.trouble(),
        probe_input(desktop),
    )
