"""Where the next page of a list is: at an address that the answer gives, or at one that its figures lead to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from streamspace_acceptance.product.answers import Answer

Json = dict[str, Any]
GROUPS = ("pagination", "paging", "meta", "metadata", "pageInfo", "page_info", "page")
"""The objects in which an answer may tell of its pages, beside its own fields."""
MARKS = {"nextPageToken": "pageToken", "next_page_token": "page_token", "nextCursor": "cursor", "next_cursor": "cursor"}
"""The fields with a mark of the next page, and the parameters that take it."""
NUMBER, OFFSET = ("page", "currentPage", "current_page"), "offset"
PAGES = ("totalPages", "total_pages", "pageCount", "page_count", "lastPage", "last_page", "pages")
SIZES = ("pageSize", "page_size", "perPage", "per_page", "limit", "size")
TOTALS = ("total", "totalCount", "total_count", "totalItems", "total_items")


def next_page(answer: Answer, base_url: str, shown: int) -> str | None:
    """The path of the page after that one, which shows so many entries; None where it is the last.

    The address is `next`, `links.next` or `_links.next.href`, or in the header Link (RFC 8288). A product behind a
    gateway may know neither its own name there nor the path before its own.
    """
    if not answer.ok:
        return None
    body = answer.object()
    links: Json = next((body[name] for name in ("_links", "links") if isinstance(body.get(name), dict)), {})
    place = body.get("next") or links.get("next")
    place = (place.get("href") if isinstance(place, dict) else place) or answer.next_page or _counted(answer, shown)
    if not isinstance(place, str) or not place.startswith(("/", "?", "http")):
        return None
    there, here = urlsplit(urljoin(answer.url, place)), urlsplit(answer.url)
    if len(there.path) > 1 and here.path.endswith(there.path):
        there = there._replace(scheme=here.scheme, netloc=here.netloc, path=here.path)
    address = there.geturl()
    return address.removeprefix(base_url) if address.startswith(f"{base_url}/") and address != answer.url else None


def _counted(answer: Answer, shown: int) -> str | None:
    """The query of the next page, by a mark of it, by the numbers of pages or by those of entries."""
    body = answer.object()
    told: Json = body | {
        name: value for group in GROUPS if isinstance(body.get(group), dict) for name, value in body[group].items()
    }
    further = _mark(told) or _number(told) or _offset(told, shown)
    if not further or not shown:
        return None
    return "?" + urlencode(dict(parse_qsl(urlsplit(answer.url).query)) | further)


def _mark(told: Json) -> dict[str, object]:
    return next(({parameter: told[field]} for field, parameter in MARKS.items() if told.get(field)), {})


def _number(told: Json) -> dict[str, object]:
    page, pages, size, total = (_count(told, names) for names in (NUMBER, PAGES, SIZES, TOTALS))
    if pages is None and size and total is not None:
        pages = -(-total // size)
    return {"page": page + 1} if page and pages and 0 < page < pages else {}


def _offset(told: Json, shown: int) -> dict[str, object]:
    offset, total = _count(told, (OFFSET,)), _count(told, TOTALS)
    return {OFFSET: offset + shown} if offset is not None and total is not None and offset + shown < total else {}


def _count(told: Json, names: tuple[str, ...]) -> int | None:
    counts = (told.get(name) for name in names)
    return next((count for count in counts if isinstance(count, int) and not isinstance(count, bool)), None)
