"""Sessions of the template that a scenario has created, which is to be used before anything is shown about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.outcomes import Unmet


def request(scenario: Scenario, user: str, count: int = 1) -> list[Session]:
    """So many sessions of the template, just requested; Unmet when one is not created."""
    template_id = scenario.results[CreatedTemplate].accepted_id
    with _blaming_the_template():
        return [actions.request_new(scenario, user, template_id) for _ in range(count)]


def start(scenario: Scenario, user: str, count: int = 1) -> list[Session]:
    """So many running sessions of the template; Unmet otherwise."""
    sessions = request(scenario, user, count)
    with _blaming_the_template():
        for session in sessions:
            wait_until_running(session)
    return sessions


def wait_until_running(session: Session) -> None:
    """Running by the API, with a Ready pod; Unmet otherwise."""
    session.wait_for_status(session.api.profile.statuses["running"], within="start")
    session.wait_for_ready_pod(within="start")


@contextmanager
def _blaming_the_template() -> Iterator[None]:
    try:
        yield
    except Unmet as unmet:
        unusable = (
            "or no session can be made of a template that was created, if those of the product's own templates run"
        )
        raise unmet.with_parts(likely=f"{unmet.likely}; {unusable} (see 1.1b-1)") from unmet
