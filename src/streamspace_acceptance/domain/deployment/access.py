"""Every call that the suite makes, tried without a valid token: the API may answer none of them.

Only made-up ids are sent, and a template that does not exist: where the API checks no token, nothing happens either.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import (
    HttpClient,
    RateLimited,
    RedirectedElsewhere,
    in_own_form,
    tells_error,
)
from streamspace_acceptance.product.profile import Call, Profile

OPEN_CALLS = frozenset({"health", "login", "vnc"})
"""These need no token by the contract; the WebSocket is tried where desktops are."""
OF_ADMINISTRATORS = frozenset({"list_agents", "create_template"})
"""Calls of the plan that only administrators may make, and that name nothing that might be another user's."""


@dataclass(frozen=True)
class Trial:
    """A call with a token that is none, and the answer to the same call with a valid one of an administrator.

    `is_administrators`: nobody else may make it.
    """

    call: str
    what: str
    answer: Answer
    control: Answer
    unknown_path: Answer
    is_administrators: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the API did what was asked, or told as much as to a user whom it knows.

        An answer that an unknown path gets as well says nothing: a product need not have every call. Nor does an error
        of the server itself, whatever its status.
        """
        if self.answer.ok:
            return not tells_error(self.answer)
        if self.answer.status == HTTPStatus.TOO_MANY_REQUESTS or self.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        code = _code(self.answer)
        same = (self.answer.status, code) == (self.control.status, _code(self.control))
        return same and code is not None and code != _code(self.unknown_path)

    @property
    def refuses_valid(self) -> bool:
        """Whether the API does not know a valid token at this call, unlike at a path that it does not have."""
        unauthorized = HTTPStatus.UNAUTHORIZED
        return self.control.status == unauthorized and self.unknown_path.status != unauthorized

    @property
    def forbids_administrator(self) -> bool:
        """Whether the API takes a valid token for that of an ordinary user."""
        forbidden = HTTPStatus.FORBIDDEN
        return self.is_administrators and self.control.status == forbidden and self.unknown_path.status != forbidden

    def row(self) -> tuple[str, str, str]:
        """For the evidence: the call, the token and the answer."""
        return self.call, self.what, f"{self.answer.status} {self.answer.reason}"

    def describe(self) -> str:
        """For the failure."""
        return f"{self.call} with {self.what}: {self.answer.status} {self.answer.excerpt(80)}"


def try_calls(http: HttpClient, profile: Profile, wrong: dict[str, str | None], valid: str) -> Iterator[Trial]:
    """Each call of the profile with each of the wrong tokens, by their description."""
    nobody = f"nobody-{secrets.token_hex(4)}"
    unknown_path = http.call_as(valid, "GET", f"{profile.calls['list_sessions'].path}-{nobody}")
    for name, call in profile.calls.items():
        if name in OPEN_CALLS or not call.path:
            continue
        body = _body(name, profile, nobody)
        control = http.call_as(valid, call.method, call.to(nobody, nobody), body)
        if control.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(control)
        for what, token in wrong.items():
            answer = or_redirect(partial(http.call_as, token, call.method, call.to(nobody, nobody), body))
            yield Trial(_in_words(call), what, answer, control, unknown_path, name in OF_ADMINISTRATORS)


def or_redirect(call: Callable[[], Answer]) -> Answer:
    """The answer to a call without a valid token, also one that leads to another server: where one logs in, there."""
    try:
        return call()
    except RedirectedElsewhere as error:
        return error.answer


def _body(name: str, profile: Profile, nobody: str) -> object:
    if name == "create_session":
        return {profile.fields["user"]: nobody, profile.fields["template"]: nobody}
    return {} if profile.calls[name].method in ("POST", "PUT", "PATCH") and "template" in name else None


def _in_words(call: Call) -> str:
    return f"{call.method} {call.path}"


def _code(answer: Answer) -> str | None:
    """The code of an error that the API tells in its own form; None for anything else."""
    try:
        return str(answer.object()["error"]) if in_own_form(answer) else None
    except (Unmet, KeyError):
        return None
