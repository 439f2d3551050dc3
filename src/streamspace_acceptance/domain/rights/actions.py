"""Visitors and another user try everything that a session's user can do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from streamspace_acceptance.domain.deployment.login import GARBAGE, altered
from streamspace_acceptance.domain.rights.attempts import Attempts, attempt_all
from streamspace_acceptance.domain.rights.other_users import OtherUsers
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import vnc_url
from streamspace_acceptance.outcomes import NotApplicable, Unproven
from streamspace_acceptance.product import tokens
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.redaction.redactor import register_secret
from streamspace_acceptance.waiting import wall_clock

EXPIRED = "an expired token"
TOKEN_CHARACTERS = 20


@dataclass(frozen=True)
class VisitorAttempts:
    """The attempts of visitors without a valid token. `expired`: why none was made with an expired one, if so."""

    attempts: Attempts
    visitors: tuple[str, ...]
    expired: str | None


@dataclass(frozen=True)
class OtherUserTokens:
    """Another user's token for the API, and the one in the address of that user's own desktop, if there is one."""

    api: str
    desktop: str | None


@dataclass(frozen=True)
class OtherUserAttempts:
    """The attempts of another user, with a session of their own, at somebody's session."""

    attempts: Attempts


def try_as_visitor(scenario: Scenario) -> None:
    """Visitors without a token, with wrong ones and with an expired one try everything."""
    session, clients = scenario.session, scenario.clients
    _check_open(session)
    valid = clients.http.token
    wrong: dict[str, str | None] = {
        "no token": None,
        "an invalid token": GARBAGE,
        "a token altered in one character": altered(valid),
    }
    without_signature = tokens.unsigned(valid)
    if without_signature is not None:
        wrong["a token without a signature"] = without_signature
    visitors = tuple(wrong)
    missing = _no_expired(valid, clients.expired_token)
    if missing is None:
        wrong[EXPIRED] = clients.expired_token
    for token in wrong.values():
        register_secret(token or "")
    scenario.results.put(VisitorAttempts(attempt_all(session, wrong, password=clients.vnc_password), visitors, missing))


def add_other_user(scenario: Scenario, users: OtherUsers, template: str) -> None:
    """Another, ordinary user, with a running session that the user's own token shows."""
    user = users.make()
    session = actions.request_new(scenario, user.name, template)
    session.wait_for_status(scenario.clients.profile.statuses["running"], within="start")
    answer = scenario.clients.api.call_as(user.token, "get_session", session.id, user=user.name)
    if not answer.ok:
        raise Unproven(f"the token of {user.name} does not show the user's own session either: {answer.gist}")
    connection = scenario.clients.api.call_as(user.token, "connect_session", session.id, user=user.name)
    scenario.results.put(OtherUserTokens(user.token, _token_in(connection, scenario.clients.profile.fields["vnc_url"])))


def try_as_other_user(scenario: Scenario) -> None:
    """The other user tries everything."""
    _check_open(scenario.session)
    other = scenario.results[OtherUserTokens]
    desktops = {} if other.desktop is None else {"the token of another desktop": other.desktop}
    tokens_of = {"another user's token": other.api}
    password = scenario.clients.vnc_password
    scenario.results.put(OtherUserAttempts(attempt_all(scenario.session, tokens_of, desktops, password=password)))


def _token_in(connection: Answer, field: str) -> str | None:
    """The token in the address of a desktop; None where there is none."""
    found = parse_qsl(urlsplit(vnc_url(connection, field) or "").query)
    return next((value for _, value in found if len(value) >= TOKEN_CHARACTERS), None)


def _check_open(session: Session) -> None:
    """The positive control: with a valid token the desktop opens. Unproven otherwise: then refusals say nothing."""
    result = session.vnc.handshake_within("start")
    if not isinstance(result, Framebuffer):
        raise Unproven(f"the session's desktop does not open with a valid token either (see 1.1b-4): {result}")


def _no_expired(valid: str, expired: str | None) -> str | None:
    """Why there is no expired token; None when there is one."""
    if expired is None:
        return f"no expired token is known: the run's token {tokens.describe_expiry(valid)}"
    moment = tokens.expiry(expired)
    if moment is not None and moment.timestamp() > wall_clock():
        return f"STREAMSPACE_EXPIRED_TOKEN {tokens.describe_expiry(expired)}, which is still to come"
    return None


def require_expired(found: VisitorAttempts) -> None:
    """NotApplicable without an expired token."""
    if found.expired is not None:
        raise NotApplicable(f"{found.expired}; set STREAMSPACE_EXPIRED_TOKEN to a token that has expired")
