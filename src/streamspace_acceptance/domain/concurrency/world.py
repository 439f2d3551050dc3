"""What the running scenario has found out about several users at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.concurrent_creation import created
from streamspace_acceptance.domain.concurrency.concurrent_use import ConcurrentUse, UseResult
from streamspace_acceptance.domain.concurrency.conflicts import without_conflict
from streamspace_acceptance.domain.concurrency.isolation import isolated, lacking
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven, require
from streamspace_acceptance.product.api import StreamSpaceApi

LONER = "testuser"


class TogetherWorld:
    """Each finding about several sessions is held against one session that is asked for alone, if there is trouble."""

    def __init__(self, api: StreamSpaceApi, cluster: Cluster, browser: RunBrowser, registry: Registry) -> None:
        self._api = api
        self._cluster = cluster
        self._browser = browser
        self._registry = registry
        self._single: ConcurrentRequests | None = None
        self._outcome: UseResult | None = None

    def created(self, crowd: ConcurrentRequests) -> CheckResult:
        """Whether each user got a session that runs."""
        return self._against_one(crowd, partial(created, api=self._api, cluster=self._cluster))

    def isolated(self, crowd: ConcurrentRequests) -> CheckResult:
        """Whether each session has a pod of its own."""
        return isolated(crowd, self._cluster)

    def without_conflict(self, crowd: ConcurrentRequests) -> CheckResult:
        """Whether each session has what was asked for, and keeps it."""
        return self._against_one(crowd, partial(without_conflict, cluster=self._cluster))

    def work(self, crowd: ConcurrentRequests) -> None:
        """All users work at the same time, until one of them ends the session; Unproven when there are not enough."""
        if lacking(crowd):
            raise Unproven(f"{'; '.join([*lacking(crowd), *crowd.refusals])} (see the sentence about that)")
        outcome = ConcurrentUse(crowd, self._cluster, self._browser).run(self._end)
        if outcome.unreachable:
            outcome.alone = self._try_alone(crowd)
        self._outcome = outcome

    @property
    def outcome(self) -> UseResult:
        """What came of working at the same time."""
        return require(self._outcome, "nobody worked")

    def _end(self, session: Session) -> str | None:
        answer = self._api.delete_session(session.id)
        if not answer.ok:
            return f"{session.id} cannot be ended: {answer.status} {answer.excerpt()}"
        try:
            session.wait_for_no_pod(session.known_uids(), within="deletion")
        except Unmet as unmet:
            return f"{session.id} does not end: {unmet.actual}"
        return None

    def _against_one(self, crowd: ConcurrentRequests, look: Callable[[ConcurrentRequests], CheckResult]) -> CheckResult:
        found = look(crowd)
        if not found.troubles or found.excuse:
            return found
        single = look(self._alone(crowd))
        told = single.describe()
        return replace(found, excuse=f"so it is with one session that is asked for alone: {told}" if told else "")

    def _alone(self, crowd: ConcurrentRequests) -> ConcurrentRequests:
        """One session like theirs, asked for when nobody else asks."""
        if self._single is None:
            asked = crowd.creations[0].asked
            creations = self._registry.ask_together([LONER], asked.template, asked.size)
            sessions = [self._registry.enter(each.id) for each in creations if each.id is not None]
            self._single = ConcurrentRequests(creations, sessions)
            _settle(self._single)
        return self._single

    def _try_alone(self, crowd: ConcurrentRequests) -> str | None:
        """Why one desktop that is opened alone does not work either; None when it does."""
        single = self._alone(crowd)
        if not single.sessions:
            return f"no session is to be had alone: {'; '.join(single.refusals)}"
        desk = SessionDesktop(single.sessions[0])
        try:
            desk.open_whole(self._browser)
            desk.probe_input()
        except Unmet as unmet:
            return unmet.actual
        except Unproven as unproven:
            return unproven.reason
        finally:
            desk.close()
        return None


def _settle(crowd: ConcurrentRequests) -> None:
    """Lets a session come to run; whether it does is for whoever looks at it."""
    try:
        crowd.wait_until_running(within="start")
    except Unmet:
        return
