"""The HTTP client: a total deadline for each call, and every exchange on record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from streamspace_acceptance import waiting
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.answers import Answer, Exchange, ExchangeLog
from streamspace_acceptance.product.proxied_transport import ProxiedTransport
from streamspace_acceptance.product.responses import Unreadable, read_answer
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.redaction.redactor import MASK
from streamspace_acceptance.redaction.secret_names import Place, is_secret

View = Callable[[dict[str, Any]], dict[str, Any]]
CALL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
IDLE_SECONDS = 0.5
"""A connection that was idle for longer is not used again: its server may be closing it. Common servers do so after 1 s
(HAProxy), 2 s (gunicorn) or 5 s (uvicorn, Node), by their own clock, to which the way of a call adds. A call that is
sent meanwhile has no answer, though nothing is wrong."""
REDIRECTS = 10
REQUEST_HEADER = "X-Request-Id"
UNKNOWN = "streamspace-acceptance-asks-for-nothing"
LOGGED_BYTES = 4000
OWN_FORM = ("error", "message")
"""The fields of every error of the API (docs/contract.md)."""
SILENT_SECONDS, CONTROL_SECONDS = 5.0, 1.0
"""After so long without an answer, the API is asked something else each second, which it has to answer in so long."""
CUT = re.compile("without sending (complete message body|a response)")
"""httpx's words for an answer whose server ended it before its end, in the middle of a chunk, or before it began."""
GATEWAY = (
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
)  # what stands before a server answers so when the server itself does not (RFC 9110)


class NoAnswer(Exception):
    """No answer of the API: refused, interrupted, too slow, too large, or from another server."""


class RateLimited(NoAnswer):
    """A 429. `answer` shows whose it is: most come from what stands before the API."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(
            f"{answer.call}: the rate of calls is limited ({answer.status} {answer.reason}): {answer.excerpt(80)}"
        )


class RedirectedElsewhere(NoAnswer):
    """A redirect to another server, as to a page at which one logs in. `answer` says where."""

    def __init__(self, answer: Answer, sentence: str) -> None:
        self.answer = answer
        super().__init__(sentence)


class Unanswered(NoAnswer):
    """A call that reached a server and came to no complete answer: none in its time, or its connection ended before.

    `is_cut`: the latter, after a part of the answer or none, as where the call's handler fails.
    `others`: so often the API answered something else while this call waited.
    """

    def __init__(self, sentence: str, call: str, *, is_cut: bool, others: int = 0) -> None:
        self.call = call
        self.is_cut = is_cut
        self.others = others
        super().__init__(sentence)


class TokenRefused(NoAnswer):
    """No call accepts the run's own token any more."""


class HttpClient:
    """Calls below one base URL with a bearer token, and plain pages anywhere without one.

    `lost_calls` counts the calls and pages that came to no answer, and the refusals of the run's own token. `logins`
    counts the administrator's: one may end those before it.
    """

    def __init__(self, base_url: str, token: str, log: ExchangeLog | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.log = ExchangeLog() if log is None else log
        self.token = token
        self.lost_calls = 0
        self.logins = 0
        self.control: str | None = None
        """The path of a call that needs no token, for telling a call that hangs from a server that does not answer."""
        self.trusted = tls.trusted()
        # Compressed answers are not asked for: a small one can unpack to more than memory holds.
        self._client = httpx.Client(
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            # A message is read in English, in which the plan has it; a server may have another language of its own.
            headers={
                "Accept-Encoding": "identity",
                "Accept-Language": "en",
                "User-Agent": "streamspace-acceptance",
            },
            # Without a highest number of connections: an abandoned call must not take the place of another.
            trust_env=False,
            transport=ProxiedTransport(self.trusted, httpx.Limits(max_connections=None, keepalive_expiry=IDLE_SECONDS)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        request: str | None = None,
    ) -> Answer:
        """One call of the API, answered within `seconds` in all; NoAnswer otherwise. Redirects are not followed.

        NoAnswer also for what is not the API: a gateway, a rate limit, a redirect to another server. `request` is sent
        as the id of the request.
        """
        return self.call_as(self.token, method, path, body, seconds=seconds, request=request)

    def call_as(
        self,
        token: str | None,
        method: str,
        path: str,
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        request: str | None = None,
        view: View | None = None,
    ) -> Answer:
        """The same with another token than the run's own, or with none. `view` translates the answer."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        headers |= {} if request is None else {REQUEST_HEADER: request}
        answer = self._exchange(method, self.base_url + path, body, headers, seconds, redirects=0)
        answer = replace(answer, view=view)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not in_own_form(answer):
            raise RateLimited(answer)
        stranger = _stranger(answer)
        if stranger is not None:
            self.lost_calls += 1
            raise NoAnswer(f"{answer.call}: {stranger}")
        there = urljoin(answer.url, answer.location)
        if urlsplit(there)[:2] != urlsplit(answer.url)[:2]:
            sentence = f"the API redirects to {there}: correct STREAMSPACE_API_URL"
            raise RedirectedElsewhere(answer, f"{answer.call}: {sentence}")
        return answer

    def page(self, url: str, *, seconds: float = CALL_SECONDS) -> Answer:
        """A page as a browser would first fetch it: no token but what its address holds, redirects followed.

        No cookie of an earlier answer, either: it might open a page that the address alone does not.
        """
        self._client.cookies.clear()
        return self._exchange("GET", url, None, {}, seconds, redirects=REDIRECTS)

    def _exchange(
        self, method: str, url: str, body: object, headers: Mapping[str, str], seconds: float, *, redirects: int
    ) -> Answer:
        sent = waiting.now()
        what, others = f"{method} {url}", list[int]()
        try:
            answer = waiting.within(
                seconds,
                lambda: self._fetch(self._request(method, url, body, headers, seconds), redirects, seconds),
                what=what,
                meanwhile=lambda elapsed: others.extend(self._answers_else(elapsed)),
            )
        except (httpx.HTTPError, httpx.InvalidURL, NoAnswer, Unreadable, waiting.DeadlineExceeded) as error:
            reason = f"{type(error).__name__}: {error}"
            self.log.add(Exchange(sent, method, url, _tellable(body), None, "", waiting.now() - sent, reason))
            self.lost_calls += 1
            message = _reason(error)
            sentence = message if message.startswith(what) else f"{what}: {message}"
            if _is_cut(error) or _is_late(error):
                raise Unanswered(sentence, what, is_cut=_is_cut(error), others=len(others)) from error
            raise NoAnswer(sentence) from error
        answer = replace(answer, request=_tellable(body))
        text = answer.body[:LOGGED_BYTES].decode("utf-8", "replace")
        secret_sources.from_answer(text, what)
        self.log.add(Exchange(sent, method, url, _tellable(body), answer.status, text, answer.received_at - sent))
        return answer

    def unknown_page(self) -> None:
        """Asks for a page that no server has, whatever the answer: a server does next to nothing for it."""
        with suppress(NoAnswer):
            self._exchange("GET", f"{self.base_url}/{UNKNOWN}", None, {}, CALL_SECONDS, redirects=0)

    def _answers_else(self, elapsed: float) -> list[int]:
        """The status of what the API answers to something else, once a call has waited for a while; empty for none.

        Its body is left unread.
        """
        if self.control is None or elapsed < SILENT_SECONDS:
            return []

        def ask() -> int:
            with self._client.stream("GET", f"{self.base_url}{self.control}", timeout=CONTROL_SECONDS) as response:
                return response.status_code

        try:
            return [waiting.within(CONTROL_SECONDS, ask, what="a call beside one that hangs")]
        except (httpx.HTTPError, waiting.DeadlineExceeded):
            return []

    def _request(self, method: str, url: str, body: Any, headers: Mapping[str, str], seconds: float) -> httpx.Request:
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        return self._client.build_request(method, url, json=body, headers=dict(headers), timeout=timeout)

    def _fetch(self, request: httpx.Request, redirects: int, seconds: float) -> Answer:
        """Each redirect is followed here, since httpx would read its body to the end, however long that is."""
        sent = waiting.now()
        if not redirects:  # a call has its token alone: the cookie of an earlier answer might open more than that
            request.headers.pop("Cookie", None)
        for _ in range(redirects + 1):
            response = self._client.send(request, stream=True, follow_redirects=False)
            secret_sources.from_cookies(response.headers.get_list("set-cookie"))
            try:
                if not redirects or response.next_request is None:
                    return read_answer(request, response, sent, sent + seconds, unpacks=redirects > 0)
                request = response.next_request
            finally:
                response.close()
        raise NoAnswer(f"more than {redirects} redirects, the last one to {request.url}")


def _tellable(body: object) -> object:
    """The body as the evidence shows it: a password may be too short for the redactor to know it again."""
    if not isinstance(body, dict):
        return body
    return {name: MASK if is_secret(str(name), Place.FIELD) else value for name, value in body.items()}


def _is_cut(error: Exception) -> bool:
    is_ended = isinstance(error, httpx.RemoteProtocolError) and CUT.search(str(error)) is not None
    return is_ended or isinstance(error, httpx.ReadError)


def _is_late(error: Exception) -> bool:
    return isinstance(error, httpx.ReadTimeout | waiting.DeadlineExceeded)


def _stranger(answer: Answer) -> str | None:
    """Who answered instead of the API; None when the API answered."""
    if answer.status in GATEWAY and "json" not in answer.content_type:
        return f"a gateway before the API says {answer.status}: {answer.excerpt(80)}"
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and answer.content_type.startswith("text/html"):
        return f"a gateway before the API says {answer.status}: {answer.excerpt(80)}"
    return None


def in_own_form(answer: Answer) -> bool:
    """Whether an answer is an error in the API's own form: JSON with a code and a sentence."""
    if "json" not in answer.content_type:
        return False
    try:
        body = answer.object()
    except Unmet:
        return False
    return all(isinstance(body.get(field), str) for field in OWN_FORM)


def tells_error(answer: Answer) -> bool:
    """Whether an answer of any status is an error in the API's own form, with a code."""
    return in_own_form(answer) and bool(answer.object()[OWN_FORM[0]])


def _reason(error: Exception) -> str:
    return tls.trouble(error) or str(error) or type(error).__name__
