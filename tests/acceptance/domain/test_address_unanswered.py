"""An address that never comes, or whose page is not there at first: the first criterion fails for it alone."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions import session_desktop
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, now
from tests.support.samples import answer

HANGS = Unmet("GET /connect", expected="an answer", actual="none", likely="it hangs")


def _desktop(asked: list[str]) -> SessionDesktop:
    def connect(session_id: str) -> None:
        asked.append(session_id)
        raise HANGS

    api = SimpleNamespace(connect_session=connect, profile=load())
    session: Any = SimpleNamespace(id="s-1", subject="s-1", api=api, running_since=None)
    return SessionDesktop(session)


def _connected(monkeypatch: pytest.MonkeyPatch, since: float | None, *statuses: int) -> tuple[int, int]:
    """The status of the answer that counts, where a server gives those in turn, and how many it gave."""
    monkeypatch.setattr(session_desktop, "PAGE_AGAIN_SECONDS", 0.01)
    left, given = list(statuses), list[int]()

    def connect(_id: str) -> Answer:
        given.append(left.pop(0) if len(left) > 1 else left[0])
        return answer({"url": "http://desktops.example/vnc"}, given[-1])

    api = SimpleNamespace(connect_session=connect, profile=load())
    session: Any = SimpleNamespace(id="s-1", subject="s-1", api=api, running_since=since)
    return SessionDesktop(session).connect().status, len(given)


@pytest.mark.parametrize(
    ("ago", "statuses", "found"),
    [
        (0.0, (409, 404, 200), (200, 3)),
        (0.0, (500, 200), (500, 1)),
        (5.0, (409, 200), (409, 1)),
        (None, (409, 200), (409, 1)),
    ],
)
def test_address_is_asked_for_again_where_a_server_may_be_behind(
    monkeypatch: pytest.MonkeyPatch, ago: float | None, statuses: tuple[int, ...], found: tuple[int, int]
) -> None:
    assert _connected(monkeypatch, None if ago is None else now() - ago, *statuses) == found


def test_address_that_stays_unknown_is_asked_for_no_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_desktop, "BEHIND_SECONDS", 0.05)
    status, times = _connected(monkeypatch, now(), 409)
    assert (status, times > 1) == (409, True)


def test_address_that_never_comes_fails_once_and_is_not_asked_for_again() -> None:
    asked: list[str] = []
    desktop = _desktop(asked)
    desktop.request_address()
    with pytest.raises(Unmet, match="it hangs"):
        _ = desktop.connection
    with pytest.raises(Unproven, match="no connection address"):
        desktop.fetch_page()
    browser: Any = SimpleNamespace(viewer=None)
    with pytest.raises(Unproven, match="no connection address"):
        desktop.open(browser)
    assert asked == ["s-1"]


def test_result_that_an_api_did_not_give_fails_once() -> None:
    results = Results({dict: "see the first one"})
    results.put_failure(dict, HANGS)
    with pytest.raises(Unmet, match="it hangs"):
        _ = results[dict]
    with pytest.raises(Unproven, match="see the first one"):
        _ = results[dict]


def _fetched(monkeypatch: pytest.MonkeyPatch, *statuses: int) -> tuple[Answer, str | None]:
    """The page and how late it was, where its address answers with those statuses, the last one for good."""
    monkeypatch.setattr(session_desktop, "PAGE_AGAIN_SECONDS", 0.01)
    left = list(statuses)
    address = answer({"url": "http://desktops.example/vnc"})

    def page(url: str) -> Answer:
        status = left.pop(0) if len(left) > 1 else left[0]
        return replace(answer({}, status), url=url, body=b"<!doctype html><p>page", content_type="text/html")

    api = SimpleNamespace(connect_session=lambda _: address, profile=load(), http=SimpleNamespace(page=page))
    budgets = SimpleNamespace(named=lambda name: Budget(name, 0.1, 1.0))
    session: Any = SimpleNamespace(id="s-1", subject="s-1", api=api, budgets=budgets, running_since=None)
    desktop = SessionDesktop(session)
    desktop.connect()
    return desktop.fetch_page(), desktop.page_late


@pytest.mark.parametrize("status", [404, 502])
def test_page_that_is_not_there_at_first_is_late(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    page, late = _fetched(monkeypatch, status, status, 200)
    with pytest.raises(Unmet, match=rf"{status} for 0\.\d s after Running, then 200"):
        expect.desktops.page_served(page, late=late)


def test_page_that_is_never_there_is_not_called_late(monkeypatch: pytest.MonkeyPatch) -> None:
    page, late = _fetched(monkeypatch, 404)
    with pytest.raises(Unmet, match="404") as caught:
        expect.desktops.page_served(page, late=late)
    assert (late, "after Running" in str(caught.value)) == (None, False)
    assert _fetched(monkeypatch, 403)[0].status == 403
    assert _fetched(monkeypatch, 200)[1] is None
