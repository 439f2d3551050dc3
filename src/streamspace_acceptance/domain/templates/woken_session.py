"""A session that is hibernated while its template is changed, and woken afterwards: it exists as well as one that runs.

How sessions are hibernated and woken is test 1.4's. Where a session created after the change does not wake either, that
says nothing about the change.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.provision import Provisioned
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.templates import sessions_of_template
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven


@dataclass(frozen=True)
class HibernatedSession:
    """A session of `user` with its provision while it ran. `trouble`: why it is not hibernated; empty if it is."""

    session: Session
    user: str
    before: Provisioned
    trouble: str


@dataclass(frozen=True)
class WokenSession:
    """The provision of a session before the change, and once it was woken after it; None where it was not.

    `trouble`: why it did not wake; None if it did, or where `excuse` says why that says nothing about the change.
    """

    before: Provisioned
    now: Provisioned | None = None
    trouble: Unmet | None = None
    excuse: str = ""


def hibernate_one(scenario: Scenario, user: str) -> None:
    """One more session of the template, which is hibernated where the product does that; Unmet if none runs."""
    (session,) = sessions_of_template.start(scenario, user)
    before = provision.look(session)
    scenario.results.put(HibernatedSession(session, user, before, _hibernate(session)))


def wake_after_change(scenario: Scenario) -> WokenSession:
    """Wakes the session that was hibernated before the change."""
    found = scenario.results[HibernatedSession]
    if found.trouble:
        return WokenSession(found.before, excuse=f"it could not be hibernated (see 1.4): {found.trouble}")
    try:
        _wake(found.session)
    except NotApplicable as error:
        return WokenSession(found.before, excuse=error.reason)
    except Unmet as trouble:
        excuse = _why_none_wakes(scenario, found.user)
        return WokenSession(found.before, trouble=None if excuse else trouble, excuse=excuse)
    return WokenSession(found.before, provision.look(found.session))


def _why_none_wakes(scenario: Scenario, user: str) -> str:
    """Why a session that was created after the change does not wake either; empty if it does."""
    try:
        (session,) = sessions_of_template.start(scenario, user)
        if trouble := _hibernate(session):
            return f"one that was created after the change cannot be hibernated (see 1.4): {trouble}"
        _wake(session)
    except (Unmet, Unproven) as error:
        return f"one that was created after the change does not wake either (see 1.4): {' '.join(str(error).split())}"
    return ""


def _hibernate(session: Session) -> str:
    """Why the session is not hibernated; empty if it is."""
    try:
        session.api.hibernate_session(session.id)
        session.wait_for_status(session.api.profile.statuses["hibernated"], within="hibernation")
    except (Unmet, NotApplicable) as error:
        return error.actual if isinstance(error, Unmet) else error.reason
    return ""


def _wake(session: Session) -> None:
    former = session.known_uids()
    session.api.wake_session(session.id)
    session.wait_for_ready_pod(within="wake", other_than=former)
