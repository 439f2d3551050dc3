"""Answers of the API, read strictly, and the log of all exchanges that the evidence is taken from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.strict_json import NotAnObject, NotJson, read_body, read_object

MESSAGES = ("message", "detail", "error_description", "title")


@dataclass(frozen=True)
class Answer:
    """One answer. Times are of the monotonic clock: when the request was sent, when the body was complete.

    `location` is where a redirect leads, `next_page` where the header Link says that the next page is. `retry_after`:
    the seconds after which a 429 lets one ask again; None where it does not say. `date` is what the server's clock
    said, in seconds since the epoch, `server` the header of that name. `request` is the body that was sent, without
    credentials. `kept` is the header by which a cache says that the answer is an earlier one, as `X-Cache: HIT`; empty
    for none. `view` translates the body into the words of the plan; None where it has them.
    """

    method: str
    url: str
    status: int
    reason: str
    content_type: str
    body: bytes
    sent_at: float
    received_at: float
    location: str = ""
    next_page: str = ""
    retry_after: float | None = None
    date: float | None = None
    request: Any = None
    server: str = ""
    kept: str = ""
    view: Callable[[dict[str, Any]], dict[str, Any]] | None = None

    @property
    def call(self) -> str:
        """The request as people name it: `POST http://…/api/v1/sessions`."""
        return f"{self.method} {self.url}"

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return self.status // 100 == 2

    @property
    def gist(self) -> str:
        """One line for a failure: `302 Found, a redirect to /login: …`."""
        where = f", a redirect to {self.location}" if self.location else ""
        return f"{self.status} {self.reason}{where}: {self.excerpt()}"

    def likely(self, otherwise: str) -> str:
        """The likely cause of a wrong content: the cache that gave it, or else `otherwise`."""
        return f"the answer is an earlier one, from a cache ({self.kept})" if self.kept else otherwise

    def excerpt(self, limit: int = 300) -> str:
        """The start of the body as text, on one line."""
        text = " ".join(self.body[: 8 * limit].decode("utf-8", "replace").split())
        return text if len(text) <= limit else text[:limit] + "…"

    def words(self, limit: int = 300) -> str:
        """The message of an answer that is an object with one; of any other, the start of the body."""
        try:
            body = read_object(self.body)
        except NotJson:
            body = {}
        texts = (body.get(name) for name in MESSAGES)
        return next((text for text in texts if isinstance(text, str) and text.strip()), self.excerpt(limit))

    def object(self) -> dict[str, Any]:
        """The body as a JSON object in the plan's words; Unmet for no object, and for NaN or a duplicate key in it."""
        try:
            return read_object(self.body) if self.view is None else self.view(read_body(self.body))
        except NotJson as error:
            raise self._unmet(error) from error

    def content(self) -> dict[str, Any]:
        """The same of an accepted call; empty for any other answer, where another sentence judges that."""
        try:
            return self.object() if self.ok else {}
        except Unmet:
            return {}

    def _unmet(self, error: NotJson) -> Unmet:
        return Unmet(
            self.call,
            expected="a JSON object",
            actual=f"{error}: {self.excerpt()!r}",
            likely="the contract (docs/contract.md) has an object here; profiles can describe a list (docs/profiles.md)"
            if isinstance(error, NotAnObject)
            else "the API, or a proxy in front of it, garbles answers",
        )


@dataclass(frozen=True)
class Exchange:
    """One request and its outcome, for the evidence, without credentials."""

    at: float
    method: str
    url: str
    request: Any
    status: int | None
    response: str
    seconds: float
    error: str = ""


@dataclass
class ExchangeLog:
    """The exchanges of a run, oldest first; equal polls in a row are kept once, with a count."""

    _entries: list[tuple[Exchange, int]] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def add(self, exchange: Exchange) -> None:
        """Keeps `exchange`; one that repeats the last (same request, same outcome) only counts."""
        with self._turn:
            if self._entries:
                last, times = self._entries[-1]
                if _gist(last) == _gist(exchange):
                    self._entries[-1] = (last, times + 1)
                    return
            self._entries.append((exchange, 1))

    def since(self, at: float) -> list[tuple[Exchange, int]]:
        """(exchange, times) from a moment of the monotonic clock on."""
        return [entry for entry in self._entries if entry[0].at >= at]


def _gist(exchange: Exchange) -> tuple[object, ...]:
    return exchange.method, exchange.url, str(exchange.request), exchange.status, exchange.response, exchange.error
