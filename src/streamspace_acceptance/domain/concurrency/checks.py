"""The checks of several users at once. A trouble that a single session has as well is not blamed on concurrency."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.concurrent_creation import created
from streamspace_acceptance.domain.concurrency.concurrent_use import ConcurrentUse, UseResult
from streamspace_acceptance.domain.concurrency.conflicts import without_conflict
from streamspace_acceptance.domain.concurrency.isolation import isolated, lacking
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.input_probe import probe_input
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget, Wait, elapse

SINGLE_USER = "testuser"
QUIET_SECONDS = 5.0
"""After so long, a product that limits the requests of a moment takes another one: real seconds."""

Check = Callable[[ConcurrentRequests], CheckResult]


class SingleSession(ConcurrentRequests):
    """One session like the others, requested when nobody else requests one."""


def check_created(scenario: Scenario) -> CheckResult:
    """Whether each user got a session that runs."""
    clients = scenario.clients
    return _check(scenario, lambda requests: created(requests, clients.api, clients.cluster))


def check_isolated(scenario: Scenario) -> CheckResult:
    """Whether each session has a pod of its own."""
    return isolated(scenario.results[ConcurrentRequests], scenario.clients.cluster)


def check_without_conflict(scenario: Scenario) -> CheckResult:
    """Whether each session has what was requested, and keeps it."""
    return _check(scenario, lambda requests: without_conflict(requests, scenario.clients.cluster))


def work_together(scenario: Scenario) -> UseResult:
    """All users work at the same time, until one of them ends the session; Unproven when one has no session."""
    requests, clients = scenario.results[ConcurrentRequests], scenario.clients
    if lacking(requests):
        raise Unproven(f"{'; '.join([*lacking(requests), *requests.refusals])} (see 1.3-1)")
    result = ConcurrentUse(requests, clients.cluster, clients.browser).run(lambda session: _end(clients, session))
    if result.unreachable and not result.reached:  # where one works beside the others, one alone does
        result.alone = _try_alone(scenario)
    return scenario.results.put(result)


def compare_with_single(
    requests: ConcurrentRequests, check: Check, single: Callable[[], ConcurrentRequests]
) -> CheckResult:
    """The check of the sessions; excused when it finds trouble with a single session as well."""
    result = check(requests)
    if not result.troubles or result.excuse:
        return result
    alone = check(single()).describe()
    return replace(result, excuse=f"a single session, requested alone, has it too: {alone}" if alone else "")


def _check(scenario: Scenario, check: Check) -> CheckResult:
    return compare_with_single(scenario.results[ConcurrentRequests], check, lambda: _single_after_others(scenario))


def _single_after_others(scenario: Scenario) -> SingleSession:
    """The single session, once the others run: alone, also for a product that limits how many start together."""
    if scenario.results.find(SingleSession) is None:
        with suppress(Unmet):
            scenario.results[ConcurrentRequests].wait_until_running(within="start")
    return _single_session(scenario)


def _single_session(scenario: Scenario) -> SingleSession:
    single = scenario.results.find(SingleSession)
    if single is None:
        together = scenario.results[ConcurrentRequests]
        if any(made.answer.status == HTTPStatus.TOO_MANY_REQUESTS for made in together.creations):
            elapse(Wait("the product", "no request for a moment", Budget("quiet", QUIET_SECONDS, 1.0)))
        asked = together.creations[0].asked
        alone = scenario.registry.ask_together([SINGLE_USER], asked.template, asked.size)
        single = scenario.results.put(SingleSession(alone.creations, alone.sessions))
        try:
            single.wait_until_running(within="start")
        except Unmet:
            return single  # the check of it says so
    return single


def _end(clients: Clients, session: Session) -> str | None:
    answer = clients.api.delete_session(session.id)
    if not answer.ok:
        return f"{session.id} cannot be ended: {answer.gist}"
    try:
        session.wait_for_no_pod(session.known_uids(), within="deletion")
    except Unmet as unmet:
        return f"{session.id} does not end: {unmet.actual}"
    return None


def _try_alone(scenario: Scenario) -> str | None:
    """Why one desktop that is opened alone does not work either; None when it does."""
    single = _single_session(scenario)
    if not single.sessions:
        return f"a single session cannot be created either: {'; '.join(single.refusals)}"
    desktop = SessionDesktop(single.sessions[0])
    try:
        desktop.open_whole(scenario.clients.browser)
        probe_input(desktop)
    except Unmet as unmet:
        return unmet.actual
    except Unproven as unproven:
        return unproven.reason
    finally:
        desktop.close()
    return None
