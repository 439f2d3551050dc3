"""How a scenario's users get sessions and use them; each action keeps its result in the scenario."""

from __future__ import annotations

from streamspace_acceptance.cluster.watch import watching_events
from streamspace_acceptance.desktop.page_load import PageState
from streamspace_acceptance.domain.sessions import home, other_sessions, quota
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.home import FileState, HomeVolume, SavedFile
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import no_session, series
from streamspace_acceptance.outcomes import Unmet, require, unproven_if_failed
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.waiting import Wait, elapse


def request(scenario: Scenario, user: str, template: str, size: str | Size | None = None) -> Creation:
    """Requests a session, whether it is created or not; Unproven where deleted ones use up the user's quota."""
    creation = scenario.results.put(_ask(scenario, user, template, size))
    if creation.id is not None:
        scenario.results.put(SessionLifecycle(scenario.registry.enter(creation.id)))
    return creation


def request_for_judgement(scenario: Scenario, user: str, template: str, size: str | Size) -> None:
    """The same, whether the API answers or not: the criteria judge it."""
    try:
        request(scenario, user, template, size)
    except Unmet as unanswered:
        scenario.results.put_failure(Creation, unanswered)


def start(scenario: Scenario, user: str, template: str, size: str | Size | None = None) -> SessionLifecycle:
    """A session that is Running by the API and in Kubernetes, with a Ready pod; Unmet otherwise.

    Unproven once several sessions before it were awaited in vain.
    """
    creation = request(scenario, user, template, size)
    if creation.id is None:
        raise no_session(creation)
    with scenario.clients.starts.awaiting(scenario.clients.budgets.named("start")) as budget:
        scenario.lifecycle.wait_until_running(within=budget)
    return scenario.lifecycle


def start_beside(scenario: Scenario, other: str, user: str, template: str, size: str | Size) -> None:
    """The same for `user`, beside a running session of `other`, which does not become the scenario's own.

    Both may be one user's. The session beside runs first, so that nothing is asked of the scenario's own meanwhile.
    """
    beside = _new(scenario, other, template, size)
    beside.wait_for_status(scenario.clients.profile.statuses["running"], within="start")
    beside.wait_for_ready_pod(within="start")
    start(scenario, user, template, size)


def request_new(scenario: Scenario, user: str, template: str) -> Session:
    """One more session, which does not become the scenario's own; Unmet when none is created."""
    return _new(scenario, user, template, None)


def _new(scenario: Scenario, user: str, template: str, size: str | Size | None) -> Session:
    creation = _ask(scenario, user, template, size)
    if creation.id is None:
        raise no_session(creation)
    return scenario.registry.enter(creation.id)


def _ask(scenario: Scenario, user: str, template: str, size: str | Size | None) -> Creation:
    creation = scenario.registry.ask(user, template, size)
    quota.check(scenario.clients, [creation])
    return creation


def request_together(scenario: Scenario, count: int, template: str, size: str | Size) -> None:
    """`count` users request a session each at the same time."""
    users = [f"user{number}" for number in range(1, count + 1)]
    try:
        requests = scenario.results.put(scenario.registry.ask_together(users, template, size))
    except Unmet as unanswered:
        scenario.results.put_failure(ConcurrentRequests, unanswered)
        return
    quota.check(scenario.clients, requests.creations)


def start_series(scenario: Scenario, count: int, user: str, template: str, size: str | Size) -> None:
    """Timed starts, one after the other."""
    registry = scenario.registry
    with watching_events(scenario.clients.cluster) as events:
        starts = series(count, lambda: _ask(scenario, user, template, size), registry.enter, events)
    scenario.results.put(starts)


def wake_twice(scenario: Scenario) -> None:
    """Wakes the session; if all of it comes back, saves other data, hibernates it for the dwell, and wakes it again.

    A first waking that fails, and a second hibernation, is left as it is, for the criteria to judge.
    """
    lifecycle, budgets = scenario.lifecycle, scenario.clients.budgets
    saved = require(scenario.results.find(SavedFile), "no file was saved before")
    other_sessions.look_before(scenario)
    lifecycle.wake()
    if not lifecycle.has_come_back(within="wake") or not home.is_kept(scenario.session, lifecycle.pod, saved):
        return
    scenario.results.put(home.save(scenario.session, lifecycle.pod, home.name_of(saved), saved.text))
    lifecycle.hibernate()
    if lifecycle.has_hibernated_again(within="hibernation", stays=budgets.named("dwell")):
        lifecycle.wake()


def lose_pod_twice(scenario: Scenario) -> None:
    """Deletes the session's pod; if another one serves it with all of its files, saves other data and deletes that one.

    A first loss after which something is missing, or nothing more can be saved, is left as it is, for the criteria to
    judge.
    """
    lifecycle = scenario.lifecycle
    saved = require(scenario.results.find(SavedFile), "no file was saved before")
    lifecycle.delete_pod()
    if not lifecycle.has_come_back(within="restart") or not home.is_kept(scenario.session, lifecycle.pod, saved):
        return
    again = home.save(scenario.session, lifecycle.pod, home.name_of(saved), saved.text)
    if again.done.code == 0:
        scenario.results.put(again)
        lifecycle.delete_pod()


def save_file(scenario: Scenario, name: str, text: str) -> None:
    """Saves a file in the home, whether that succeeds or not."""
    scenario.results.put(home.save(scenario.session, scenario.lifecycle.pod, name, text))


def read_file(scenario: Scenario, name: str, text: str) -> tuple[SavedFile, FileState]:
    """The file as it was saved, and as the pod that serves the session now has it."""
    saved = require(scenario.results.find(SavedFile), f"{text!r} was not saved as {name} (see 1.2-1)")
    return saved, home.find(scenario.session, scenario.lifecycle.pod, saved)


def read_file_later(scenario: Scenario, name: str, text: str) -> tuple[SavedFile, FileState]:
    """The same a while later: what restores a home may go on after its session runs."""
    elapse(Wait(scenario.session.subject, "its files stay as they are", scenario.clients.budgets.named("calm")))
    return read_file(scenario, name, text)


def home_volume(scenario: Scenario) -> HomeVolume:
    """The volume under the home in the pod that serves the session now."""
    return home.volume(scenario.session, scenario.lifecycle.pod)


def open_desktop(scenario: Scenario) -> None:
    """Connects to the session and opens it in a browser; Unproven when no noVNC client loads."""
    scenario.desktop.connect()
    scenario.desktop.open(scenario.clients.browser)
    with unproven_if_failed("the noVNC client did not load (see 1.1d-3)"):
        scenario.desktop.wait_for_client()


def open_client(scenario: Scenario) -> PageState:
    """Opens the VNC address in a browser and waits for the noVNC client; Unmet when it does not load."""
    scenario.desktop.open(scenario.clients.browser)
    return scenario.desktop.wait_for_client()
