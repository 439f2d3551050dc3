"""Logging in as the administrator, and the controls beside it, which the API must refuse."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from streamspace_acceptance.domain.deployment.access import Trial, or_redirect, try_calls
from streamspace_acceptance.domain.deployment.credentials import Credentials
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.calls import ProfileCalls, is_list
from streamspace_acceptance.product.http import HttpClient, NoAnswer, RateLimited
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.redaction.redactor import register_secret
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Wait, elapse

PATIENCE_SECONDS = 120.0
"""Real seconds, as a limit of logins counts them."""
GARBAGE = "this-is-no-token-of-any-streamspace"


@dataclass(frozen=True)
class LoginAttempts:
    """A login with the credentials, then calls with nothing but the token that it gave.

    `opened` is the API's answer to that token, None when there was none. The others are controls: a login with a wrong
    password, and a call each without a token, with garbage for one, and with the new token altered in one character at
    either end of its signature.
    `wrong_logins` are logins that are nearly right.
    `trials` are all calls that the suite makes, without a token and with a wrong one.
    """

    place: str
    login: Answer
    token: str | None
    opened: Answer | None
    wrong_password: Answer
    controls: dict[str, Answer]
    trials: tuple[Trial, ...] = ()
    wrong_logins: Mapping[str, Answer] = field(default_factory=dict)


class LoginClient:
    """Logging in, and calling the API with any token or none; the run's own is never sent.

    Many products allow a few logins a minute: a limit that says until when is waited for, PATIENCE_SECONDS in all.
    """

    def __init__(self, http: HttpClient, profile: Profile) -> None:
        self._patience = PATIENCE_SECONDS
        self._http = http
        self._profile = profile
        self._calls = ProfileCalls(http, profile)

    def try_out(self, credentials: Credentials) -> LoginAttempts:
        """Logs in with the credentials, and makes the calls that must fail; Unmet when the login gets no answer."""
        try:
            login = self.log_in(credentials.name, credentials.password)
        except NoAnswer as error:
            raise Unmet(
                f"a login with what {credentials.place} says",
                expected="an answer",
                actual=str(error),
                likely="the API does not answer logins; see its log",
            ) from error
        token = self.token(login)
        if token is None:  # which the criterion says: what other logins bring would tell no more
            return LoginAttempts(credentials.place, login, None, None, wrong_password=login, controls={})
        wrong = f"not-{credentials.password}"
        cut = credentials.password[:-1] + ("y" if credentials.password.endswith("x") else "x")
        longer, other_case = f"{credentials.password}x", credentials.password.swapcase()
        for secret in (wrong, cut, longer, other_case):
            register_secret(secret)
        wrong_tokens = {"no token": None, "an invalid token": GARBAGE}
        tokens = wrong_tokens | {
            "its token altered in one character": altered(token),
            "its token altered near its end": altered_at_the_end(token),
        }
        controls = {what: or_redirect(partial(self._call, wrong_token)) for what, wrong_token in tokens.items()}
        trials = tuple(try_calls(self._http, self._profile, wrong_tokens, token))
        judged("calls without a valid token", table("call | called with | answer", (trial.row() for trial in trials)))
        return LoginAttempts(
            place=credentials.place,
            login=login,
            token=token,
            opened=self._call(token),
            wrong_password=self._log_in_wrongly(credentials, wrong),
            controls=controls,
            trials=trials,
            wrong_logins={
                "another last character of the password": self._log_in_wrongly(credentials, cut),
                "a character more than the password": self._log_in_wrongly(credentials, longer),
                **self._in_another_case(credentials, other_case),
                "the password under a name that nobody has": self._log_in_wrongly(
                    credentials, name=f"nobody-{secrets.token_hex(4)}"
                ),
                "an empty password": self._log_in_wrongly(credentials, ""),
            },
        )

    def accepts(self, credentials: Credentials) -> bool:
        """Whether a login with the credentials gives a token."""
        accepted = self.token(self.log_in(credentials.name, credentials.password)) is not None
        if accepted:
            register_secret(credentials.password)
        return accepted

    def log_in(self, name: str, password: str) -> Answer:
        """The answer to a login, which is sent without any token. RateLimited where a gateway allows no more."""
        self._http.logins += 1
        fields = self._profile.fields
        body = {fields["login_name"]: name, fields["login_password"]: password}
        while True:
            answer, limit = self._answer_or_limit(body)
            if answer.retry_after is None or answer.retry_after > self._patience:
                break
            wait_seconds = max(answer.retry_after, POLL_SECONDS)
            self._patience -= wait_seconds
            elapse(Wait("the API", "logins allowed again", Budget("", wait_seconds, 1.0)))
        if limit is not None:
            raise limit
        return answer

    def _answer_or_limit(self, body: object) -> tuple[Answer, RateLimited | None]:
        try:
            return self._calls.call_as(None, "login", body=body), None
        except RateLimited as limit:
            return limit.answer, limit

    def _log_in_wrongly(
        self, credentials: Credentials, password: str | None = None, *, name: str | None = None
    ) -> Answer:
        """The answer to a login with another password or name; several wrong ones in a row might lock the account."""
        answer = self.log_in(
            credentials.name if name is None else name, credentials.password if password is None else password
        )
        self.log_in(credentials.name, credentials.password)
        return answer

    def _in_another_case(self, credentials: Credentials, password: str) -> dict[str, Answer]:
        """A login with small letters for capitals and the reverse; none for a password without letters."""
        if password == credentials.password:
            return {}
        return {"the password in another case": self._log_in_wrongly(credentials, password)}

    def token(self, login: Answer) -> str | None:
        """The token in the answer to a login, a secret from now on; None when it holds none."""
        try:
            token = login.object().get(self._profile.fields["login_token"]) if login.ok else None
        except Unmet:
            return None
        if not isinstance(token, str) or not token.isascii() or len(token.split()) != 1 or token.strip() != token:
            return None
        register_secret(token)
        return token

    def lists_sessions(self, answer: Answer | None) -> bool:
        """Whether an answer is the list that only an open API gives."""
        try:
            field = self._profile.fields["sessions"]
            return answer is not None and answer.ok and is_list(answer.object(), field)
        except Unmet:
            return False

    def _call(self, token: str | None) -> Answer:
        return self._calls.call_as(token, "list_sessions")


def altered(token: str) -> str:
    """The token with one character changed: of a signed one, in its signature."""
    return _changed(token, token.rfind(".") + 1)


def altered_at_the_end(token: str) -> str:
    """The token with its last but one character changed: the last one of a signature may have bits of no meaning."""
    return _changed(token, max(len(token) - 2, 0))


def _changed(token: str, at: int) -> str:
    other = "B" if token[at : at + 1] == "A" else "A"
    return token[:at] + other + token[at + 1 :]
