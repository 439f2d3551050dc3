"""StreamSpace's calls, in the words of the active profile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product import refusals, unanswered
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.calls import Json, ProfileCalls
from streamspace_acceptance.product.http import CALL_SECONDS, HttpClient, RateLimited, TokenRefused, Unanswered
from streamspace_acceptance.product.ids import as_id
from streamspace_acceptance.product.profile import Profile, Size
from streamspace_acceptance.product.rfb import ViewerSettings
from streamspace_acceptance.redaction.redactor import register_secret
from streamspace_acceptance.waiting import POLL_SECONDS, pause

NOT_A_STATUS = ", which is not a status"
COMMAND_SECONDS = 60.0
"""Real seconds: a pod has 30 s to end by default, and a product may answer a command when it is done."""
CREATION_SECONDS = 30.0
"""One machine may be starting the first desktops while it answers, and a product may answer once its pod runs."""
BEHIND_SECONDS = 2.0
"""Real seconds: one of several servers of the API may tell so late what another one told already."""
PATIENT_SECONDS = 10.0
"""So long at most a question waits for the end of a limit, of the product's own or of a gateway's."""

MOST_LOGINS = 3
"""So often one call is repeated with a new login. Each was refused, so none has had an effect."""


@dataclass(frozen=True)
class Listed:
    """A session as the API's list shows it.

    `request` is the id of the request that created it; `tells_request`, whether the product shows such an id.
    """

    id: str
    name: object
    status: str
    user: object
    template: object
    agent: str | None = None
    request: object = None
    tells_request: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class SessionList:
    """One answer to the list of sessions, without entries that have no id.

    `total` is the number of sessions that the answer states, where it states more than it shows.
    """

    sessions: tuple[Listed, ...]
    total: int | None = None

    @property
    def ids(self) -> frozenset[str]:
        """The ids in the list."""
        return frozenset(session.id for session in self.sessions)

    def times(self, session_id: str) -> int:
        """How often a session is in the list; once is correct."""
        return sum(session.id == session_id for session in self.sessions)

    def status(self, session_id: str) -> str | None:
        """The status of a session, None when it is not listed; several entries that disagree read `A and B`."""
        statuses = {session.status for session in self.sessions if session.id == session_id}
        return " and ".join(sorted(statuses)) or None

    def describe(self, session_id: str) -> str:
        """The status of a session, or that it is not listed, and whether the list is whole."""
        if self.total is None:
            return self.status(session_id) or "not listed"
        shown = f"not among the {len(self.sessions)} of {self.total} that the list shows, with no address of the rest"
        return self.status(session_id) or shown


class StreamSpaceApi(ProfileCalls):
    """The product's API over one HTTP client.

    `user_password` is the password of all users of sessions, where the target has such users.
    `approves_agents`: whether agents that wait for an administrator are approved, which a run sets once it may change
    the target. `log_in_again` is called with a token that is no longer accepted; it says whether there is another one.
    """

    def __init__(self, http: HttpClient, profile: Profile, user_password: str | None = None) -> None:
        super().__init__(http, profile)
        http.control = profile.calls["health"].path or None
        self.user_password = user_password
        self._tokens: dict[str, str] = {}
        self.approves_agents = False
        self.log_in_again: Callable[[str], bool] = lambda _: False

    def call(
        self,
        name: str,
        which: str = "",
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        request: str | None = None,
        user: str = "",
    ) -> Answer:
        """The call `name` of the profile, about the session or template `which`. `request` is the id of the request.

        A token that no call accepts any more says nothing about this call: it is repeated with another one, and
        TokenRefused where there is none. Where another call accepts the token, the refusal is the API's answer. So it
        is with a limit of the rate of calls: RateLimited when it is for every call, or set by another server than the
        one that answers other calls. A question that is limited is asked again after the seconds that the answer names.

        Unmet where the API alone is to blame for a call without a complete answer (see `unanswered`).
        """
        for _ in range(MOST_LOGINS):
            token = self.http.token
            try:
                return self._call(name, which, body, seconds=seconds, request=request, user=user)
            except TokenRefused:
                if not self.log_in_again(token):
                    raise
            except Unanswered as error:
                raise self._blamed(error, name, which) or error from error
        return self._call(name, which, body, seconds=seconds, request=request, user=user)

    def _call(self, name: str, which: str, body: object, *, seconds: float, request: str | None, user: str) -> Answer:
        ask = partial(self.call_once, name, which, body, seconds=seconds, request=request, user=user)
        answer = self._asked_as_told(ask)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            control = self.call_once("list_agents" if name == "list_sessions" else "list_sessions", seconds=seconds)
            if control.status == HTTPStatus.TOO_MANY_REQUESTS or control.server != answer.server:
                raise RateLimited(answer)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            control = self.call_once("list_agents" if name == "list_sessions" else "list_sessions", seconds=seconds)
            if control.status == HTTPStatus.UNAUTHORIZED:
                self.http.lost_calls += 1
                raise TokenRefused(
                    f"{answer.call}: STREAMSPACE_TEST_TOKEN is no longer accepted (401, and 401 to {control.call} as "
                    "well): log in again and set the new one"
                )
        return answer

    @staticmethod
    def _asked_as_told(ask: Callable[[], Answer]) -> Answer:
        """The answer; of a question that is put off for a moment, the one after that. RateLimited by a gateway."""

        def answer_or_limit() -> tuple[Answer, RateLimited | None]:
            try:
                return ask(), None
            except RateLimited as limit:
                return limit.answer, limit

        answer, limit = answer_or_limit()
        patience = PATIENT_SECONDS if answer.method == "GET" else 0.0  # the suite asks more often than the plan
        while answer.retry_after is not None and answer.retry_after <= patience:
            wait_seconds = max(answer.retry_after, POLL_SECONDS)
            patience -= wait_seconds
            pause(wait_seconds, threading.Event())
            answer, limit = answer_or_limit()
        if limit is not None:
            raise limit
        return answer

    def _blamed(self, error: Unanswered, name: str, which: str) -> Unmet | None:
        """The failure of the API where it alone is to blame for a call without a complete answer."""
        question = name if self.profile.calls[name].method == "GET" else "list_sessions"
        other = "list_agents" if question == "list_sessions" else "list_sessions"
        return unanswered.failure(error, lambda: self.call_once(question, which), lambda: self.call_once(other))

    def use_token(self, token: str) -> None:
        """Calls with another token of the administrator from now on; users log in anew."""
        self.http.token = token
        self._tokens.clear()

    def create_session(
        self,
        user: str,
        template: str,
        size: str | Size | None,
        *,
        request: str | None = None,
        seconds: float = CREATION_SECONDS,
    ) -> Answer:
        """Requests a session of `size`, or of the profile's size of that name; None takes the template's own.

        `request` is the id of the request, by which its session is found if no answer arrives.
        """
        body: Json = {self.profile.fields["user"]: user, self.profile.fields["template"]: template}
        if size is not None:
            body["resources"] = self.profile.size(size)
        return self.call("create_session", body=body, seconds=seconds, request=request)

    def sessions(self) -> SessionList:
        """All sessions in the list; Unmet when the answer is not such a list."""
        answer = self._answered("list_sessions")
        items = self.listed(answer, "sessions")
        total = answer.object().get("total")
        more = total if isinstance(total, int) and not isinstance(total, bool) and total > len(items) else None
        return SessionList(tuple(self._read(item) for item in items if self._is_session(item)), more)

    def status(self, session_id: str) -> str:
        """The status of one session by its id; Unmet when the answer is about anything else."""
        answer = self._answered("get_session", session_id)
        session = answer.object()
        fields = self.profile.fields
        if session.get(fields["id"]) != session_id or not isinstance(session.get(fields["status"]), str):
            raise Unmet(
                answer.call,
                expected=f"the session {session_id} with its status",
                actual=answer.gist,
                likely="the API answers about another session, or from a cache",
            )
        return str(session[fields["status"]])

    def session(self, session_id: str) -> Json:
        """One session as the API shows it by its id; Unmet when it shows none."""
        return self._answered("get_session", session_id).object()

    def shown_alone(self, session_id: str) -> Listed | None:
        """One session by its id, as an entry of the list would show it; None when the API shows no such session."""
        session = self.call("get_session", session_id).content()
        return self._read(session) if session.get(self.profile.fields["id"]) == session_id else None

    def delete_session(self, session_id: str) -> Answer:
        """Deletes a session. The API may answer when that is done."""
        return self.call("delete_session", session_id, seconds=COMMAND_SECONDS)

    def hibernate_session(self, session_id: str) -> Answer:
        """Hibernates a session; Unmet unless the API accepts that. It may answer when that is done."""
        return self._answered("hibernate_session", session_id, seconds=COMMAND_SECONDS)

    def order_hibernation(self, session_id: str) -> Answer:
        """The same; gives any answer of the API."""
        return self.call("hibernate_session", session_id, seconds=COMMAND_SECONDS)

    def wake_session(self, session_id: str) -> Answer:
        """Wakes a session; Unmet unless the API accepts that. It may answer when that is done."""
        return self._answered("wake_session", session_id, seconds=COMMAND_SECONDS)

    def order_waking(self, session_id: str) -> Answer:
        """The same; gives any answer of the API."""
        return self.call("wake_session", session_id, seconds=COMMAND_SECONDS)

    def connect_session(self, session_id: str) -> Answer:
        """Requests the connection of a session."""
        user = self._user_of(session_id) if "{user}" in self.profile.calls["connect_session"].path else ""
        return self.call("connect_session", session_id, user=user)

    def template_names(self) -> frozenset[str]:
        """The names of the templates in the list."""
        items = self.listed(self._answered("list_templates"), "templates")
        names = (item.get(self.profile.fields["template_name"]) for item in items if isinstance(item, dict))
        return frozenset(name for name in names if isinstance(name, str))

    def message(self, answer: Answer) -> str:
        """The message of a refusal, and the troubles that it lists; empty when there is neither."""
        try:
            error = answer.object()
        except Unmet:
            return ""
        return "; ".join(refusals.sentences(error, self.profile.fields["message"]))

    def viewer_token(self, session_id: str) -> str:
        """The token that opens a session's desktop: its user's, where the profile says so, else the run's own.

        A user whose login the product has ended logs in again.
        """
        if not self.profile.owner_alone or self.user_password is None:
            return self.http.token
        self.profile.meet("socket.owner_alone")
        user = self._user_of(session_id)
        token = self._tokens.get(user)
        if token is None or self.call_as(token, "get_session", session_id).status == HTTPStatus.UNAUTHORIZED:
            token = self._tokens[user] = self._log_in(user, self.user_password)
        return token

    def viewer_settings(self, vnc_password: str | None) -> ViewerSettings:
        """How the suite's own viewer connects to a session's desktop."""
        return ViewerSettings(self.http.trusted, vnc_password, self.profile.base64_text, self._why_denied())

    def _why_denied(self) -> str | None:
        """Why a viewer's token may be another user's than the session's; None where it is the session's user's."""
        if not self.profile.owner_alone or self.user_password is not None:
            return None
        return (
            "a desktop opens for its session's user alone, and STREAMSPACE_USER_PASSWORD is not set (docs/profiles.md)"
        )

    def _log_in(self, user: str, password: str) -> str:
        fields = self.profile.fields
        answer = self.call_as(None, "login", body={fields["login_name"]: user, fields["login_password"]: password})
        token = answer.object().get(fields["login_token"]) if answer.ok else None
        if not isinstance(token, str):
            raise Unproven(
                f"the user {user!r} cannot log in with STREAMSPACE_USER_PASSWORD, and a desktop opens for its "
                f"session's user alone: {answer.gist}"
            )
        register_secret(token)
        return token

    def vnc_address(self, session_id: str, token: str) -> str:
        """The WebSocket URL of a session's desktop, which speaks RFB."""
        base = self.http.base_url.replace("http", "ws", 1)
        self.profile.meet("calls.vnc", "socket.token_parameter", "socket.base64_text")
        parameter = self.profile.token_parameter
        query = f"?{parameter}={quote(token, safe='')}" if parameter else ""
        return base + self.profile.calls["vnc"].to(session_id) + query

    def _user_of(self, session_id: str) -> str:
        """The user of a session as the API shows it, for calls that name them."""
        return str(self.session(session_id).get(self.profile.fields["user"], ""))

    def _answered(self, name: str, session_id: str = "", *, seconds: float = CALL_SECONDS) -> Answer:
        answer = self.call(name, session_id, seconds=seconds)
        if not answer.ok:
            raise Unmet(
                answer.call,
                expected="an accepted call (2xx)",
                actual=answer.gist,
                likely="the API refuses a call of the plan; see its message above",
            )
        return answer

    def _is_session(self, item: object) -> bool:
        return isinstance(item, dict) and isinstance(item.get(self.profile.fields["id"]), str)

    def _read(self, item: Json) -> Listed:
        fields = self.profile.fields
        return Listed(
            id=item[fields["id"]],
            name=item.get(fields["name"]),
            status=_text(item.get(fields["status"])),
            user=item.get(fields["user"]),
            template=item.get(fields["template"]),
            agent=as_id(item.get(fields["agent_id"])),
            request=item.get(fields["request_id"]),
            tells_request=fields["request_id"] in item,
        )


def _text(status: object) -> str:
    """A status as it reads; any other value as JSON."""
    return status if isinstance(status, str) else f"{json.dumps(status)}{NOT_A_STATUS}"
