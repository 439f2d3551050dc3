"""Responses of HTTP, read into answers: a cap on the body, a deadline for its end."""

from __future__ import annotations

import zlib
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from streamspace_acceptance import waiting
from streamspace_acceptance.product.answers import Answer

BODY_BYTES = 4 * 1024 * 1024  # some 5,000 sessions; as text and as objects it takes several times as much memory
PACKED, GZIP_OR_ZLIB = ("gzip", "deflate"), 32


class Unreadable(Exception):
    """The body is too long, too late or packed in a way that cannot be read."""


def read_answer(
    request: httpx.Request, response: httpx.Response, sent: float, deadline: float, *, unpacks: bool
) -> Answer:
    """The response as an answer, its body read to the end until `deadline`; Unreadable otherwise.

    `sent` and `deadline` are moments of the monotonic clock. `unpacks`: it may be compressed.
    """
    return Answer(
        method=request.method,
        url=str(request.url),
        status=response.status_code,
        reason=response.reason_phrase,
        content_type=response.headers.get("content-type", ""),
        body=_unpacked(response, deadline) if unpacks else _read(response, deadline),
        sent_at=sent,
        received_at=waiting.now(),
        location=response.headers.get("location", "") if response.has_redirect_location else "",
        retry_after=_retry_after(response) if response.status_code == HTTPStatus.TOO_MANY_REQUESTS else None,
        next_page=response.links.get("next", {}).get("url", ""),
        date=_date(response.headers.get("date", "")),
        server=response.headers.get("server", ""),
        kept=_kept(response.headers),
    )


def _retry_after(response: httpx.Response) -> float | None:
    """In seconds; a moment counts by the clock of the server that states it (RFC 9110)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    then, date = _date(text), _date(response.headers.get("date", ""))
    return None if then is None or date is None else max(then - date, 0.0)


def _kept(headers: httpx.Headers) -> str:
    """The header by which a cache says that it gave an earlier answer: the usual X-Cache, or Age (RFC 9111)."""
    value = headers.get("x-cache", "")
    if "hit" in value.lower():
        return f"X-Cache: {value}"
    age = headers.get("age", "0").strip()
    return f"Age: {age}" if age.isdecimal() and int(age) > 0 else ""


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _unpacked(response: httpx.Response, deadline: float) -> bytes:
    """The body of a page, which a store of files may keep packed and give so to everybody: every browser unpacks it."""
    if response.headers.get("content-encoding") not in PACKED:
        return _read(response, deadline)
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | GZIP_OR_ZLIB)
    try:
        body = unpacking.decompress(_body(response, deadline), BODY_BYTES)
    except zlib.error as error:
        raise Unreadable(f"the compressed answer cannot be unpacked: {error}") from error
    if unpacking.unconsumed_tail:
        raise Unreadable(f"the compressed answer holds more than {BODY_BYTES} bytes")
    if not unpacking.eof:
        raise Unreadable("the compressed answer cannot be unpacked: it ends too early")
    return body


def _read(response: httpx.Response, deadline: float) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unreadable("the answer is compressed, although that was not asked for")
    return _body(response, deadline)


def _body(response: httpx.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > BODY_BYTES:
            raise Unreadable(f"the answer is longer than {BODY_BYTES} bytes")
        if waiting.now() > deadline:  # nobody waits any more: an answer that drips must not be read for ever
            raise Unreadable("the answer is not complete in time")
    return bytes(body)
