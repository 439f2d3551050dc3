"""The world of a running scenario: the only access of steps to its state, and its clean-ups in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from behave.runner import Context

from streamspace_acceptance.budgets import Seconds
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.desktop.client_page import IN_BROWSER
from streamspace_acceptance.domain.agents.fleet import ObservedAgent, ScaledAt
from streamspace_acceptance.domain.agents.heartbeats import Pace
from streamspace_acceptance.domain.agents.logged_transitions import Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.undisturbed import KeptSessions
from streamspace_acceptance.domain.concurrency.concurrent_use import UseResult
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.domain.interaction.pointing import Clicking, Scrolling
from streamspace_acceptance.domain.interaction.special_keys import Pressed
from streamspace_acceptance.domain.interaction.typing import Typed
from streamspace_acceptance.domain.performance.bursts import Bursts
from streamspace_acceptance.domain.performance.capacity import SessionCapacity
from streamspace_acceptance.domain.performance.resource_profile import ResourceProfile
from streamspace_acceptance.domain.performance.streaming import Streaming
from streamspace_acceptance.domain.resources.enforcement import Enforcement
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests
from streamspace_acceptance.domain.rights.actions import OtherUserAttempts, OtherUserTokens, VisitorAttempts
from streamspace_acceptance.domain.rights.other_users import OtherUsers
from streamspace_acceptance.domain.sessions import lost_pods, missing_images, no_room, unbound_claims
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import Starts
from streamspace_acceptance.domain.templates.actions import TemplateDescription, TemplateUse
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.deletion import Deletion
from streamspace_acceptance.domain.templates.mistake_trials import MistakeTrial
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.evidence.run_evidence import current
from streamspace_acceptance.expect import contract
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.target.run import Run
from streamspace_acceptance.verdict.ledger import deviations_up_to
from streamspace_acceptance.verdict.register import Criterion
from streamspace_acceptance.verdict.shards import DISRUPTIVE
from streamspace_acceptance.waiting import Budget, now

MISSING: dict[type, str] = {
    Bursts: "no burst of sessions was requested",
    SessionCapacity: "no ramp of sessions was made",
    TemplateChange: "the template was not changed (see 2.2-1)",
    ConcurrentRequests: "no sessions were requested at the same time",
    CreatedTemplate: "no template was created (see 2.1-1)",
    Clicking: "nothing was clicked on",
    Creation: "no session was requested",
    Deletion: "the template's deletion was not requested",
    Enforcement: "no program tried to exceed its limits",
    InputLag: "no input lag was measured",
    KeptSessions: "no session is kept",
    MistakeTrial: "not every template with a mistake was tried (see 2.1-3)",
    ObservedAgent: "no agent is online (see 0-11)",
    OtherUserAttempts: "no other user has tried anything",
    OtherUserTokens: "there is no other user",
    Outage: "no agent was cut off",
    OversizedRequests: "no session was requested that is larger than any node",
    Pace: "no heartbeats were watched",
    Pressed: "no special key was pressed",
    QueuedCommand: "no command was given while no agent was online",
    ResourceProfile: "no resource use was recorded",
    ScaledAt: "the agents were not scaled",
    Scrolling: "no wheel was turned",
    SessionLifecycle: "no session was created (see 1.1a-2)",
    Starts: "no series of sessions was started",
    Streaming: "no desktop was streamed",
    TemplateDescription: "no template was described",
    TemplateUse: "no session of the template was created",
    Transitions: "no agent was cut off",
    Typed: "nothing was typed",
    VisitorAttempts: "no visitor has tried anything",
    UseResult: "the users did not work at the same time",
}
"""For each type of result, why a criterion is unproven when no step has made one."""


class World(Scenario):
    """One scenario on the target of the run."""

    def __init__(self, run: Run, add_cleanup: Callable[[Callable[[], None]], object], tags: Iterable[str] = ()) -> None:
        super().__init__(run.clients, MISSING)
        self.disruptive = DISRUPTIVE in tags
        run.outages.begin()
        self.began = now()
        self._run = run
        templates = self.results.put(TemplateRegistry(run.clients))
        users = self.results.put(OtherUsers(run.clients))
        self.results.put(ReliedPods(run.clients.cluster, run.clients.profile))
        # The last one runs first: templates and users outlive their sessions, and only agents that are online, of an
        # API that answers, remove sessions. Agents that were added leave after the sessions that they serve.
        for clean_up in (
            self.disruptions.revert_all,
            run.outages.survived_by(templates.clean_up),
            run.outages.survived_by(users.clean_up),
            run.outages.survived_by(self.registry.clean_up),
            run.outages.end,
            self.watches.close,
            self.disruptions.revert_passing,
        ):
            add_cleanup(clean_up)

    @cached_property
    def deployment(self) -> Deployment:
        """The environment, examined anew in each scenario."""
        return self._run.deployment()

    @property
    def target(self) -> str:
        """The target in words, for the evidence."""
        return self._run.target.describe()

    @property
    def profile(self) -> Profile:
        """The contract profile of the target."""
        return self.clients.profile

    def check_counterpart(self, scenario: Any) -> None:
        """NotApplicable when nothing of the product corresponds to the criterion of the running sentence."""
        criterion = self._criterion(scenario)
        reason = self.profile.no_counterpart.get(criterion.id) if criterion is not None else None
        if reason is not None:
            raise NotApplicable(f"does not apply by the contract profile {self.profile.name}: {reason}")

    def check_words(self, scenario: Any) -> None:
        """Unmet when the words of the criterion of the running sentence are not the product's, unless accepted."""
        criterion, evidence = self._criterion(scenario), current()
        if criterion is None or evidence is None or not criterion.words:
            return
        met = deviations_up_to(evidence.owner, scenario, evidence)
        words = [deviation for deviation in met if deviation.key in criterion.words]
        contract.words_kept(self.profile.name, words, accepted=self._run.settings.accept_deviations)

    def _criterion(self, scenario: Any) -> Criterion | None:
        evidence = current()
        test = self._run.register.test_of(scenario.effective_tags)
        return None if test is None or evidence is None else test.criterion_of(evidence.owner.name)

    @property
    def template_names(self) -> frozenset[str]:
        """The names of the templates in the API's list."""
        return self.clients.api.template_names()

    def reconsider(self, error: Exception) -> Exception:
        """The error with what else is known of it, or that error itself.

        No answer becomes Unproven where a server of the product crashed, and an error of the cluster where a session's
        pod was taken away. So does a failure where the cluster cannot get the image of a session, has no room or volume
        for its pod or took that away. No answer and a failure do where somebody else deleted a pod of the product. A
        failure gets what the API says of a session against Kubernetes.
        ClusterError where somebody else has taken back a disruption of the suite: then it says nothing of the product.
        """
        if not isinstance(error, NotApplicable):
            self._run.outages.note_trouble()
        if isinstance(error, NoAnswer):
            crash = self._run.outages.explain(error) or self._deleted()
            return Unproven(f"{crash} ({error})") if crash else error
        if isinstance(error, ClusterError) and (taken := lost_pods.find(self.registry.sessions)) is not None:
            return Unproven(taken)  # nothing can be looked at in a pod that is gone
        failure = error.__cause__ if isinstance(error, Unproven) else error  # of a wait that was cut short, for example
        if not isinstance(failure, Unmet):
            return error
        if failure is error:
            self.disruptions.check_held()
            if deleted := self._deleted():
                return Unproven(f"{deleted}; {failure.subject}: {failure.actual}")
        if (lacking := _lacking(self.registry.sessions, failure)) is not None:
            return Unproven(lacking)
        return self._told_in_full(failure) if failure is error else error

    def _told_in_full(self, failure: Unmet) -> Unmet:
        """The failure with a lost pod of its desktop, and with statements about a session that exclude each other."""
        if gone := self._gone(failure):
            failure = failure.with_parts(likely=f"{gone}; {failure.likely}")
        may_contradict = any(word in failure.actual for word in ("404", "not listed"))
        contradictions = list(self._contradictions()) if may_contradict else []
        return failure.with_parts(actual="; ".join([failure.actual, *contradictions])) if contradictions else failure

    def _gone(self, failure: Unmet) -> str:
        """The pod that a desktop lost which the suite only used, in a few words; empty if it lost none."""
        lifecycle = self.results.find(SessionLifecycle)
        is_of_a_desktop = failure.subject.startswith(IN_BROWSER) or ", desktop" in failure.subject
        if not is_of_a_desktop or lifecycle is None or lifecycle.former:
            return ""
        return lost_pods.gone(lifecycle.session)

    def _deleted(self) -> str:
        """That somebody else deleted a pod of the product meanwhile; empty where nothing shows it.

        Nor does anything where the scenario itself deploys the product.
        """
        if self.deployment.rollout is not None:
            return ""
        with suppress(ClusterError):
            return self.results[ReliedPods].deleted()
        return ""

    def _contradictions(self) -> Iterator[str]:
        """The statements about a session that exclude each other; none where API or Kubernetes do not answer."""
        with suppress(NoAnswer, ClusterError, Unmet):
            for session in self.registry.sessions:
                if text := session.contradiction():
                    yield f"{session.id}: {text}"

    def limit(self, seconds: Seconds) -> Budget:
        """A limit that a sentence states, on the target's clock."""
        return self.clients.budgets.limit(seconds)


def world(context: Context) -> World:
    """The world of the scenario that is running."""
    current: World = context.world
    return current


def _lacking(sessions: Sequence[Session], error: Unmet) -> str | None:
    """The image, room, volume or pod that the cluster does not let a session have, in a sentence; None if it does."""
    image = missing_images.find(sessions) if missing_images.NOT_PULLED.search(str(error)) else None
    place = None
    if image is None and "Pending" in str(error):
        place = no_room.find(sessions, error.subject) or unbound_claims.find(sessions)
    return image or place or lost_pods.find(sessions)
