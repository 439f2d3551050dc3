"""An ordinary user beside the administrator: one of the test's own with a known password, or else one that is made.

A user that was made is removed with the scenario.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance import journal
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.deployment.login import LoginClient
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp, NotApplicable, Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.ids import as_id
from streamspace_acceptance.redaction.redactor import register_secret

REFUSED = "the product refuses to delete users"
EXISTING = "testuser2"
EVERY_KIND = "aA1!"
"""Characters of all kinds that rules for passwords ask for."""


@dataclass(frozen=True)
class OtherUser:
    """A user with the token that a login gave."""

    name: str
    token: str


class OtherUsers:
    """Makes ordinary users, and removes what it made and nothing else."""

    def __init__(self, clients: Clients) -> None:
        self._api = clients.api
        self._own_user = clients.own_user
        self._login = LoginClient(clients.http, clients.profile)
        self._made: dict[str, journal.JournalEntry] = {}

    def make(self) -> OtherUser:
        """A user who is logged in; NotApplicable where the product makes none, Unproven where a login fails."""
        return self._existing() or self._new()

    def _existing(self) -> OtherUser | None:
        """A user of the test who has the password of all of them; None where there is no such user or password."""
        if self._api.user_password is None:
            return None
        name = self._own_user(EXISTING)
        token = self._login.token(self._login.log_in(name, self._api.user_password))
        return None if token is None else OtherUser(name, token)

    def _new(self) -> OtherUser:
        fields = self._api.profile.fields
        name, password = self._own_user(f"acceptance-{secrets.token_hex(3)}"), secrets.token_urlsafe(18) + EVERY_KIND
        register_secret(password)
        body = {
            fields["login_name"]: name,
            fields["login_password"]: password,
            fields["account_email"]: f"{name}@example.com",
            fields["account_full_name"]: name,
        }
        entry = journal.record_intent("user", name=name)
        answer = self._api.call("create_user", body=body)
        if not answer.ok:
            journal.record_revert(entry)
            raise NotApplicable(f"the product makes no second, ordinary user: {answer.call}: {answer.gist}")
        account = _account(answer, fields["account"]) or name
        journal.record_outcome(entry, id=account)
        self._made[account] = entry
        login = self._login.log_in(name, password)
        token = self._login.token(login)
        if token is None and login.ok:
            raise Unproven(
                f"the new user {name} logs in, but the answer has no token in its field {fields['login_token']}"
            )
        if token is None:
            raise Unproven(f"the new user {name} cannot log in: {login.status} {login.reason}")
        return OtherUser(name, token)

    def clean_up(self) -> None:
        """Deletes the users; CleanupFailure when one stays."""
        for account, entry in list(self._made.items()):
            try:
                remove(self._api.call("delete_user", account))
            except (NoAnswer, Unmet) as error:
                raise CleanupFailure(f"user {account} may be left: {error}") from error
            journal.record_revert(entry)
            del self._made[account]


def remove(answer: Answer) -> None:
    """FoundByCleanUp unless the answer to a deletion says that the user is gone."""
    if not answer.ok and answer.status != HTTPStatus.NOT_FOUND:
        raise FoundByCleanUp(f"{answer.call}: {answer.gist}", REFUSED)


def _account(answer: Answer, field: str) -> str | None:
    try:
        return as_id(answer.object().get(field))
    except Unmet:
        return None
