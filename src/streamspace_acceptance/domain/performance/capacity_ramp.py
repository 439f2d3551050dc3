"""The ramp: sessions are added step by step, every earlier one verified, until something ends it.

Then all of them are released, and the product must recover.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

from streamspace_acceptance.cluster.requests import requested
from streamspace_acceptance.domain.performance import cluster_limits, session_troubles
from streamspace_acceptance.domain.performance.capacity import (
    KNEE_STEPS,
    Recovery,
    SessionCapacity,
    Step,
    baseline,
    knee_limit,
)
from streamspace_acceptance.domain.performance.held_sessions import HeldSession, HeldSessions
from streamspace_acceptance.domain.performance.release import release
from streamspace_acceptance.domain.performance.room import room
from streamspace_acceptance.domain.performance.session_follower import SessionFollower, following
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, pod_starts
from streamspace_acceptance.domain.performance.session_troubles import ProductPods
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import histogram, node_busy
from streamspace_acceptance.measuring.capacity_search import CapacitySearch
from streamspace_acceptance.measuring.control_plane import ControlPlane, mutating_calls
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import Budget, Wait, now

RECOVERED = 3
"""So many sessions are started after the release; one alone may be slow by chance."""
RECOVERED_FACTOR = 2.0
"""They may take so many times the knee's limit: a machine that has just ended many desktops is still busy."""
MOST_ERRORS = 0.01
"""The share of the API's answers that may be errors."""


def find_capacity(scenario: Scenario, template: str, ramp: Sequence[int]) -> None:
    """Finds the largest number of sessions that run at once, and releases all; the table of the steps is evidence."""
    found = CapacityRamp(scenario, template, ramp).run()
    scenario.results.put(found)
    attachments.attach_text("steps of the ramp", found.describe())


def judged(scenario: Scenario) -> SessionCapacity:
    """The search that a sentence judges, which is its evidence, with the start-up times of all sessions that ran."""
    found = scenario.results[SessionCapacity]
    attachments.attach_text("largest number", found.describe())
    starts = [seconds for step in found.steps for seconds in step.starts]
    histogram.record("start-up time over the ramp", starts, "s")
    return found


class CapacityRamp:
    """One ramp with its search, from the first step to the recovery."""

    def __init__(self, scenario: Scenario, template: str, ramp: Sequence[int]) -> None:
        self._scenario = scenario
        self._clients = scenario.clients
        self._template = template
        self._held = HeldSessions(scenario.clients)
        self._stuck: list[str] = []
        self._moved: list[str] = []
        self._product = ProductPods.of(scenario.clients)
        self._pressure = session_troubles.node_pressure(scenario.clients.cluster)
        self._errors = self._calls = 0
        self._over: list[int] = []
        self._sized: dict[str, str] = {}
        self._end = ramp[-1]
        self.found = SessionCapacity(CapacitySearch(ramp), scenario.clients.budgets.scale)

    def run(self) -> SessionCapacity:
        """Tries numbers until the search ends, then releases everything."""
        search, budget = self.found.search, self._clients.budgets.named("ramp step")
        whole = Wait(
            "ramp",
            f"the ramp to {self._end} sessions",
            Budget("ramp", budget.plan_seconds * len(search.ramp), budget.scale),
        )
        with whole.announced():
            while (number := search.next()) is not None and self._has_room_for(number):
                step = self._try(number)
                self.found.steps.append(step)
                self._judge(step)
                whole.note(self._progress(step, whole))
            whole.end("met")
        self.found.recovery = self._recover()
        return self.found

    def _try(self, number: int) -> Step:
        began = now()
        meter = NodeBusyMeter.begin(self._clients.cluster)
        before, added = len(self._held.sessions), number - len(self._held.sessions)
        with mutating_calls(self._clients.cluster) as calls, following(self._clients) as follower:
            requests = self._add(follower, number, added) if added > 0 else None
            moments = follower.moments(requests) if requests is not None else []
            lost, taken = self._verify(moments, dwell=added <= 0)
            reasons = session_troubles.reasons(self._clients, self._stuck, follower.pods.items())
            self._count_errors(follower, requests)
            plane = ControlPlane(pod_starts(moments), *calls.result())
            source = follower.source(moments)
        behind = [session for session in self._stuck if session not in {*lost, *taken}]
        answered = set(self._held.answered)
        samples, busy = self._held.open_samples(), meter.shares()
        if not node_busy.saturated(busy):
            lost |= (silent := self._held.drop_silent(samples, answered))
            self._stuck += silent
        survivors = before - len(lost) - len(taken)
        crashes, starved = self._product.crashes(self._clients, busy), self._product.starved(self._clients, busy)
        if starved:
            self._product = ProductPods.of(self._clients)  # what follows is not told again of that restart
        pressure = [
            words for words in session_troubles.node_pressure(self._clients.cluster) if words not in self._pressure
        ]
        failures = [f"the desktop of {session}: {words}" for session, words in samples.items() if words]
        refused = [] if requests is None else [*requests.refusals, *requests.unanswered, *requests.shared]
        if requests is not None and _refuses_all(requests):
            self.found.refused = requests.refusals[0]
        return Step(
            number,
            max(added, 0),
            len(self._held.sessions),
            now() - began,
            [session.seconds for session in moments if session.seconds is not None],
            [
                *([f"{len(refused)} of {added} creations failed"] if refused else []),
                *([f"{len(behind)} of {added} added sessions do not run"] if behind else []),
                *([f"{before - survivors} of {before} earlier sessions did not survive"] if survivors < before else []),
                *crashes,
                *starved,
                *pressure,
                *failures,
                *self._too_many_errors(),
            ],
            [*refused, *reasons, *pressure, *failures, *self._too_many_errors()],
            list(lost.values()),
            crashes,
            busy,
            [f"{session} {words or 'answers'}" for session, words in samples.items()],
            "\n".join([*([] if requests is None else [requests.load.describe(), source]), plane.describe()]),
            plane.outside,
            [*taken.values(), *self._newly_moved(), *starved],
        )

    def _add(self, follower: SessionFollower, number: int, count: int) -> ScheduledRequests:
        users = self._held.new_users(count)
        requests = self._scenario.registry.ask_on_schedule(users, self._template, None, evenly(count))
        follower.own |= set(requests.ids)
        if requests.ids:
            step, stall = (self._clients.budgets.named(name) for name in ("ramp step", "start"))
            subject = f"ramp {number} of {self._end}, {len(self._held.sessions)} alive, {count} more"
            follower.wait_until_running(subject, requests, step, stall, hopeless=follower.hopeless)
        return requests

    def _verify(self, moments: Sequence[SessionMoments], *, dwell: bool) -> tuple[dict[str, str], dict[str, str]]:
        """Takes over the sessions that run, and returns the state of earlier ones that do not any more: those that were
        lost, and those that were taken away by nobody's defect.
        """
        budgets = self._clients.budgets
        lost = self._held.find_lost(budgets.named("start"), budgets.named("calm") if dwell else None)
        taken = self._held.taken_away(lost)
        self._held.drop(lost)
        self._stuck += lost
        for session in moments:
            if session.session is not None and session.never_ran:
                self._stuck.append(session.session)
            elif session.session is not None and session.session not in self._held.ids:
                self._held.sessions.append(
                    HeldSession(session.session, session.user, session.uid, session.restarts, session.node)
                )
        return {name: words for name, words in lost.items() if name not in taken}, taken

    def _judge(self, step: Step) -> None:
        """Tells the search, and ends it where halving would say nothing."""
        search = self.found.search
        if not step.holds:
            search.failed(step.number, search.good if step.lost or step.taken else step.alive)
            if step.crashes or step.taken:
                search.stop()
            return
        if search.bad is None:
            self._watch_the_knee(step)
            self._limit_to_the_room()
        if not self.found.knee:
            search.held(step.number)

    def _watch_the_knee(self, step: Step) -> None:
        usual = baseline(self.found.steps[:-1])
        if usual is None or step.median is None or step.added != self.found.steps[0].added:
            return
        limit = knee_limit(usual, self.found.scale)
        self._over = [*self._over, step.number] if step.median > limit else []
        if len(self._over) < KNEE_STEPS:
            return
        beyond = self._over[0]
        search = self.found.search
        search.good = max((earlier.number for earlier in self.found.steps if earlier.number < beyond), default=0)
        search.stop()
        busy = node_busy.saturated(step.busy) or node_busy.describe(step.busy)
        self.found.knee = (
            f"median {step.median:.2f} s at {step.number}, above {limit:.2f} s from {beyond} sessions on; {busy}"
        )

    def _limit_to_the_room(self) -> None:
        """Cuts the ramp to what the nodes have room for, once the size of a session is known from its pod."""
        size = self._sized = self._sized or self._size()
        if not size or len(self.found.steps) > 1:
            return
        left = room(self._clients.cluster, size)
        if left.sessions is None:
            return
        whole = len(self._held.sessions) + left.sessions
        search = self.found.search
        if whole < search.ramp[-1]:
            search.ramp = [*(number for number in search.ramp if number < whole), whole]
            self.found.limited = f"beside these, {left.sentence}, and {self._end} were to run"

    def _size(self) -> dict[str, str]:
        label = self._clients.profile.session_label
        pods = self._clients.cluster.raw_pods()
        found = next((pod for pod in pods if (pod["metadata"].get("labels") or {}).get(label) in self._held.ids), None)
        sizes = {} if found is None else requested(found)
        return {name: f"{size:f}" for name, size in sizes.items() if size}

    def _has_room_for(self, number: int) -> bool:
        """Whether the sessions that are too many could be released; where not, the search ends with what it knows."""
        try:
            self._trim(number)
        except (Unmet, Unproven):  # the release of all sessions in the end tells what does not go, and why
            self.found.search.stop()
            return False
        return True

    def _trim(self, number: int) -> None:
        """Releases the newest beyond `number`, then those that do not run: no older one is to make room meanwhile."""
        extra, stuck = self._held.ids[number:], self._stuck
        self._held.drop(extra)
        self._stuck = []
        for ids in filter(None, (extra, stuck)):
            release(self._scenario, ids, f"{len(ids)} sessions of the ramp")

    def _count_errors(self, follower: SessionFollower, requests: ScheduledRequests | None) -> None:
        errors, calls = follower.errors()
        made = [] if requests is None else [creation for creation in requests.creations if creation is not None]
        self._calls += calls + (0 if requests is None else len(requests.asked))
        self._errors += errors + sum(creation.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR for creation in made)
        self._errors += 0 if requests is None else len(requests.unanswered)

    def _newly_moved(self) -> list[str]:
        """The pods of the product that were taken away with their nodes since the last step."""
        moved = [words for words in self._product.moved(self._clients) if words not in self._moved]
        self._moved += moved
        return moved

    def _too_many_errors(self) -> list[str]:
        share = self._errors / self._calls if self._calls else 0.0
        return [f"{share:.1%} of {self._calls} calls of the API failed"] if share > MOST_ERRORS else []

    def _progress(self, step: Step, whole: Wait) -> str:
        p95 = f", start p95 {Distribution.of(step.starts).p95:.1f} s" if step.starts else ""
        left = whole.elapsed / max(step.number, 1) * max(self._end - step.number, 0)
        rest = f"{left / 60:.0f} min left" if left >= 60 else f"{left:.0f} s left"
        return f"ramp {step.number} of {self._end}, {step.alive} alive{p95}, {rest}"

    def _recover(self) -> Recovery:
        """Releases all sessions; then the API is healthy, and one more session starts as at the beginning."""
        began, registry = now(), self._scenario.registry
        meter = NodeBusyMeter.begin(self._clients.cluster)
        troubles = list(registry.release([*self._stuck, *self._held.ids]))
        took = now() - began
        self._held.sessions, self._stuck = [], []
        start, excuse = None, ""
        if not troubles:
            troubles += self._unhealthy()
            start, failed, excuse = self._start_again()
            troubles += failed
        busy = node_busy.saturated(meter.shares()) if troubles else ""
        crashes = [] if self.found.crashes else self._product.crashes(self._clients)
        return Recovery(took, start, troubles, busy or excuse, crashes)

    def _start_again(self) -> tuple[float | None, list[str], str]:
        """The median start-up time of a few sessions after the release, what is wrong with it, and the cluster's part
        in that.
        """
        count = max(min(RECOVERED, self.found.largest), 1)
        with following(self._clients) as follower:
            moments = follower.moments(self._add(follower, count, count))
            changes = follower.pods.items()
            excuse = (
                cluster_limits.crowded_out(self._clients, self._sized, moments, changes)
                or cluster_limits.image_pull(self._clients, moments, changes)
                or ControlPlane(pod_starts(moments), None, "").outside
            )
        starts = [session.seconds for session in moments if session.seconds is not None]
        failed = [session.never_ran or session.said for session in moments if session.seconds is None]
        usual = self.found.baseline
        if failed or usual is None:
            return None, [f"one more session does not run: {words}" for words in failed], excuse
        start, limit = Distribution.of(starts).p50, RECOVERED_FACTOR * knee_limit(usual, self.found.scale)
        slow = f"sessions start in {start:.2f} s, more than {limit:.2f} s, and started in {usual:.2f} s before"
        return start, [slow] if start > limit else [], excuse

    def _unhealthy(self) -> list[str]:
        profile = self._clients.profile
        with suppress(Unmet):
            try:
                answer = self._clients.api.call("health")
            except NoAnswer as error:
                return [f"the API's health: {error}"]
            if answer.ok and answer.object().get(profile.fields["health"]) == profile.statuses["healthy"]:
                return []
            return [f"the API's health: {answer.gist}"]
        return ["the API's health is not a JSON object"]


def _refuses_all(requests: ScheduledRequests) -> bool:
    """Whether the API created no session at all, and says each time that the request is at fault (4xx)."""
    statuses = [0 if made is None or made.id is not None else made.answer.status for made in requests.creations]
    return all(status // 100 == 4 and status != HTTPStatus.TOO_MANY_REQUESTS for status in statuses)
