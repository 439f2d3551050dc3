"""Attempts at somebody's session: to see it, to open its desktop, and to change it, with one token after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import vnc_url
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import RedirectedElsewhere, tells_error
from streamspace_acceptance.waiting import Wait, elapse

CHANGES = ("hibernate_session", "wake_session", "delete_session")
EXCERPT = 80
NOTHING = (b"", b"null", b"{}", b"[]")
"""Bodies that show nothing of a session."""


class Kind(StrEnum):
    """The kinds of attempts."""

    SEE = "see"
    OPEN = "open"
    CHANGE = "change"


@dataclass(frozen=True)
class Attempt:
    """One call with one token. `answer` is a line; `succeeded`, whether it went beyond a refusal."""

    kind: Kind
    who: str
    call: str
    answer: str
    succeeded: bool

    def describe(self) -> str:
        """For the failure."""
        return f"{self.call} with {self.who}: {self.answer}"


@dataclass(frozen=True)
class Attempts:
    """All attempts at a session, in order, and the trouble with the session afterwards; None when it is as before."""

    session: str
    made: tuple[Attempt, ...]
    trouble: str | None

    def of(self, *kinds: Kind, who: Iterable[str] = ()) -> list[Attempt]:
        """Those of some kinds, by anybody or by some."""
        names = set(who)
        return [attempt for attempt in self.made if attempt.kind in kinds and (not names or attempt.who in names)]


def attempt_all(
    session: Session,
    tokens: Mapping[str, str | None],
    desktops: Mapping[str, str] | None = None,
    *,
    password: str | None = None,
) -> Attempts:
    """Everything that can be done with the session, with each of the tokens; then a look at what is left of it.

    What would end the session comes last, and it is the scenario's own. `desktops` are tokens that open desktops alone:
    they are tried at the WebSocket. `password` is that of the session's VNC server, if it asks for one: no handshake is
    left unfinished.
    """
    before = {pod.meta.uid for pod in session.pods()}
    user = str(session.api.session(session.id).get(session.api.profile.fields["user"], ""))
    attempts = _Attempts(session, user, password)
    made = [
        attempt for who, token in tokens.items() for attempt in (*attempts.see(who, token), *attempts.open(who, token))
    ]
    made += [attempt for who, token in (desktops or {}).items() for attempt in attempts.connect(who, token)]
    made += [attempt for who, token in tokens.items() for attempt in attempts.change(who, token)]
    return Attempts(session.id, tuple(made), _trouble(session, before))


class _Attempts:
    """Attempts at one session of `user`."""

    def __init__(self, session: Session, user: str, password: str | None) -> None:
        self._session = session
        self._api = session.api
        self._user = user
        self._password = password

    def see(self, who: str, token: str | None) -> Iterator[Attempt]:
        alone = self._call(token, "get_session")
        shown = (_is_done(alone) and alone.body.strip() not in NOTHING) or self._names_it(alone)
        yield self._attempt(Kind.SEE, who, alone, succeeded=shown)
        path = self._api.profile.calls["list_sessions"].path
        for query in ("", f"?{self._api.profile.fields['user']}={quote(self._user, safe='')}"):
            listed = _answer(partial(self._api.http.call_as, token, "GET", path + query))
            yield self._attempt(Kind.SEE, who, listed, succeeded=self._names_it(listed))

    def open(self, who: str, token: str | None) -> Iterator[Attempt]:
        answer = self._call(token, "connect_session")
        url = vnc_url(answer, self._api.profile.fields["vnc_url"])
        yield self._attempt(Kind.OPEN, who, answer, succeeded=url is not None)
        yield from self.connect(who, token)

    def connect(self, who: str, token: str | None) -> Iterator[Attempt]:
        """At the WebSocket."""
        plain = self._api.vnc_address(self._session.id, token or "")
        addresses = {plain.partition("?")[0] if token is None else plain: token}
        if token is not None and "?" not in plain:  # as a page sends it, which cannot set a header
            addresses[f"{plain}?token={quote(token, safe='')}"] = None
        settings = replace(self._api.viewer_settings(self._password), why_denied=None)  # to be denied is the claim
        for address, header in addresses.items():
            result = rfb.attempt(address, header, settings=settings)
            place = address.partition("?")[0] + ("?token=…" if "?" in address else "")
            yield Attempt(Kind.OPEN, who, f"WebSocket {place}", str(result), rfb.is_reached(result))

    def change(self, who: str, token: str | None) -> Iterator[Attempt]:
        for name in CHANGES:
            answer = self._call(token, name)
            conflict = answer.status == HTTPStatus.CONFLICT  # it was not the right, but the state that was missing
            yield self._attempt(Kind.CHANGE, who, answer, succeeded=_is_done(answer) or conflict)

    def _call(self, token: str | None, name: str) -> Answer:
        return _answer(partial(self._api.call_as, token, name, self._session.id, user=self._user))

    def _names_it(self, answer: Answer) -> bool:
        """Whether an accepted call tells of the session; a page to log in may repeat the path that was asked for."""
        if not answer.ok or tells_error(answer):
            return False
        path = answer.url.split("/", 3)[-1]
        text = answer.body.decode("utf-8", "replace").replace(path, "").replace(quote(path, safe=""), "")
        return re.search(rf"(?<![\w-]){re.escape(self._session.id)}(?![\w-])", text) is not None

    @staticmethod
    def _attempt(kind: Kind, who: str, answer: Answer, *, succeeded: bool) -> Attempt:
        path = answer.url.split("/", 3)[-1]
        return Attempt(kind, who, f"{answer.method} /{path}", f"{answer.status} {answer.words(EXCERPT)}", succeeded)


def _answer(call: Callable[[], Answer]) -> Answer:
    """The answer to a call; also one that sends the visitor to another server to log in, which is a refusal."""
    try:
        return call()
    except RedirectedElsewhere as error:
        return error.answer


def _is_done(answer: Answer) -> bool:
    """Whether a call was accepted. A page to log in, in its place, does not come from the API; an error refuses it."""
    return answer.ok and not answer.content_type.startswith("text/html") and not tells_error(answer)


def _trouble(session: Session, before: set[str]) -> str | None:
    """The change that the attempts made after all. A refused call may take effect a moment later."""
    elapse(Wait(session.subject, "left alone", session.budgets.named("calm")))
    status = session.api.sessions().status(session.id)
    if status != session.api.profile.statuses["running"]:
        return f"the session is {status or 'not listed'} afterwards"
    pods: list[Pod] = session.pods()
    if {pod.meta.uid for pod in pods} != before:
        return f"the session has other pods afterwards: {', '.join(pod.describe() for pod in pods) or 'none'}"
    return None
