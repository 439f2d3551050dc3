"""The HTTP client: a total deadline for each call, a cap on bodies, and every exchange on record."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from streamspace_acceptance import waiting
from streamspace_acceptance.evidence.redaction import MASK
from streamspace_acceptance.product.answers import Answer, Exchange, ExchangeLog

CALL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
BODY_BYTES = 8 * 1024 * 1024
LOGGED_BYTES = 4000
GATEWAY = (502, 504)  # what stands before a server answers so when the server itself does not (RFC 9110)


class NoAnswer(Exception):
    """The call brought no answer at all: refused, broken off, too slow or too big."""


class HttpClient:
    """Calls below one base URL with a bearer token, and plain pages anywhere without one."""

    def __init__(self, base_url: str, token: str, log: ExchangeLog | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.log = ExchangeLog() if log is None else log
        self.token = token
        # Compressed answers are not asked for: a small one can unpack to more than memory holds.
        self._client = httpx.Client(
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            headers={"Accept-Encoding": "identity", "User-Agent": "streamspace-acceptance"},
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def call(self, method: str, path: str, body: object = None, *, seconds: float = CALL_SECONDS) -> Answer:
        """One call of the API, answered within `seconds` in all; NoAnswer otherwise. Redirects are not followed.

        A gateway that answers in the API's place, not in JSON as the API does, is no answer of the API either.
        """
        return self.call_as(self.token, method, path, body, seconds=seconds)

    def call_as(
        self, token: str | None, method: str, path: str, body: object = None, *, seconds: float = CALL_SECONDS
    ) -> Answer:
        """The same with another token than the run's own, or with none."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._exchange(method, self.base_url + path, body, headers, seconds, follow=False)
        if answer.status in GATEWAY and "json" not in answer.content_type:
            raise NoAnswer(f"{answer.call}: a gateway before the API says {answer.status}: {answer.excerpt(80)}")
        return answer

    def page(self, url: str, *, seconds: float = CALL_SECONDS) -> Answer:
        """A page as a browser would first fetch it: no token but what its address holds, redirects followed."""
        return self._exchange("GET", url, None, {}, seconds, follow=True)

    def _exchange(
        self, method: str, url: str, body: object, headers: Mapping[str, str], seconds: float, *, follow: bool
    ) -> Answer:
        sent = waiting.now()
        what = f"{method} {url}"
        try:
            answer = waiting.within(
                seconds, lambda: self._fetch(self._request(method, url, body, headers, seconds), follow), what=what
            )
        except (httpx.HTTPError, httpx.InvalidURL, NoAnswer, waiting.Silence) as error:
            reason = f"{type(error).__name__}: {error}"
            self.log.add(Exchange(sent, method, url, _tellable(body), None, "", waiting.now() - sent, reason))
            raise NoAnswer(f"{what}: {error}") from error
        text = answer.body[:LOGGED_BYTES].decode("utf-8", "replace")
        self.log.add(Exchange(sent, method, url, _tellable(body), answer.status, text, answer.received_at - sent))
        return answer

    def _request(self, method: str, url: str, body: Any, headers: Mapping[str, str], seconds: float) -> httpx.Request:
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        return self._client.build_request(method, url, json=body, headers=dict(headers), timeout=timeout)

    def _fetch(self, request: httpx.Request, follow: bool) -> Answer:
        sent = waiting.now()
        response = self._client.send(request, stream=True, follow_redirects=follow)
        try:
            return Answer(
                method=request.method,
                url=str(request.url),
                status=response.status_code,
                reason=response.reason_phrase,
                content_type=response.headers.get("content-type", ""),
                body=_read(response),
                sent_at=sent,
                received_at=waiting.now(),
            )
        finally:
            response.close()


def _tellable(body: object) -> object:
    """The body as the evidence shows it: a password may be too short for the redactor to know it again."""
    if not isinstance(body, dict):
        return body
    return {name: MASK if "password" in str(name).lower() else value for name, value in body.items()}


def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise NoAnswer("the answer is compressed, although that was not asked for")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > BODY_BYTES:
            raise NoAnswer(f"the answer is longer than {BODY_BYTES} bytes")
    return bytes(body)
