"""How late the follower sees a session run, against moments that are known: the self-check of docs/measuring.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.clock import now
from streamspace_acceptance.domain.performance import session_follower, session_looks
from streamspace_acceptance.domain.performance.session_follower import (
    SessionFollower,
    following,
    handshake,
    opening_desktops,
)
from streamspace_acceptance.domain.performance.session_looks import Look, look_at
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.api import Listed, SessionList, StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Recording, sampling
from tests.support.known_starts import KnownStarts
from tests.support.load_samples import burst
from tests.support.web_server import says, web_server

COUNT = 80
LATE_SECONDS = 5.0
"""On a machine that is busy; `make bench` measures how late it is."""


@contextmanager
def product(runs_at: Callable[[int], float]) -> Iterator[StreamSpaceApi]:
    """COUNT sessions, each Running from its moment on."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        at = now()
        sessions = [
            {"sessionId": f"s-{number}", "status": "Running" if at >= runs_at(number) else "Pending"}
            for number in range(COUNT)
        ]
        says(json.dumps({"sessions": sessions}).encode())(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        yield StreamSpaceApi(client, load())


def follower(api: StreamSpaceApi, looks: Recording[Look]) -> SessionFollower:
    clients: Any = SimpleNamespace(api=api, profile=load())
    return SessionFollower(clients, looks, Recording())


def requests(ids: list[str]) -> Any:
    return SimpleNamespace(ids=ids, load=SimpleNamespace(began=now()))


def errors(product: KnownStarts, folder: Path, moment: str = "running") -> tuple[list[float], str]:
    """How late that moment of each session was seen, in seconds, and the source of Running."""
    with product.clients(folder) as clients, following(clients) as found:
        product.begin()
        requests = product.requests()
        found.wait_until_running("80", requests, Budget("burst", 60, 1.0), Budget("start", 30, 1.0))
        sessions = found.moments(requests)
    seen = {str(session.session): getattr(session, moment) for session in sessions}
    return [seen[name] - at for name, at in product.truth.items()], found.source(sessions)


@pytest.mark.quiet
@pytest.mark.parametrize(
    ("gap", "moment"), [(0.023, "running"), (0.0, "running"), (0.0, "ready")], ids=["apart", "at once", "pods at once"]
)
def test_follower_sees_80_sessions_by_the_watches(
    record_property: Callable[[str, object], None], tmp_path: Path, gap: float, moment: str
) -> None:
    late, source = errors(KnownStarts([gap * number for number in range(COUNT)]), tmp_path, moment)
    record_property("late", Distribution.of([1000 * error for error in late]).describe("ms"))
    assert min(late) >= 0
    assert max(late) <= LATE_SECONDS
    assert source == f"moment of Running: {COUNT} of {COUNT} by the watch of session objects"


@pytest.mark.quiet
@pytest.mark.parametrize(
    ("refused", "told"),
    [({"may_watch": False}, "may not watch sessions.stream.space"), ({"watch_lasts": False}, "etcd is away")],
)
def test_follower_without_the_watch_is_late_by_one_look(
    record_property: Callable[[str, object], None], tmp_path: Path, refused: dict[str, bool], told: str
) -> None:
    late, source = errors(KnownStarts([0.023 * number for number in range(COUNT)], **refused), tmp_path)
    record_property("late", Distribution.of([1000 * error for error in late]).describe("ms"))
    assert min(late) >= 0
    assert source.startswith("moment of Running: by the API's list, one look each 100 ms (")
    assert told in source


def test_running_counts_when_the_api_says_so_after_its_object(tmp_path: Path) -> None:
    late, source = errors(KnownStarts([0.0, 0.1], later=1.0), tmp_path)
    assert min(late) >= 1.0
    assert source.endswith("0 of 2 by the watch of session objects, 2 by the API's list, one look each 100 ms")


def test_running_is_the_moment_of_an_object_that_is_later(tmp_path: Path) -> None:
    late, source = errors(KnownStarts([0.0, 0.1], later=-0.4), tmp_path)
    assert min(late) >= 0
    assert source == "moment of Running: 2 of 2 by the watch of session objects"


def test_follower_gives_up_when_nothing_more_comes_to_run() -> None:
    with product(lambda number: 0.0 if number < 3 else float("inf")) as api:
        ids = [f"s-{number}" for number in range(5)]
        with sampling(look_at(api), every=0.02, what="looks") as looks:
            found = follower(api, looks)
            wait = found.wait_until_running("5", requests(ids), Budget("burst", 30, 1.0), Budget("start", 0.1, 1.0))
            assert found.running(ids) == {"s-0", "s-1", "s-2"}
    assert wait.outcome == "impossible"
    assert wait.elapsed < 10


def test_follower_gives_up_when_the_rest_has_failed() -> None:
    with product(lambda _: float("inf")) as api, sampling(look_at(api), every=0.02, what="looks") as looks:
        found = follower(api, looks)
        wait = found.wait_until_running(
            "1",
            requests(["s-1"]),
            Budget("burst", 30, 1.0),
            Budget("start", 30, 1.0),
            hopeless=lambda _: "1 are Failed",
        )
    assert wait.outcome == "impossible"


def test_follower_counts_looks_without_a_list() -> None:
    with web_server(says(b"oops", 500)) as url, HttpClient(url, "t") as client:
        look = look_at(StreamSpaceApi(client, load()))
        with sampling(look, every=10, what="looks") as looks:
            found = follower(StreamSpaceApi(client, load()), looks)
            assert found.errors() == (1, 1)
            assert found.running(["s-1"]) == set()


def test_requests_that_were_given_one_session_have_its_moments() -> None:
    looks: Recording[Look] = Recording()
    listed = Listed("s-5", "s-5", "Running", "perftest5", "t")
    looks.append(Look(((listed,),)))
    shared = burst(20).bursts[0].requests
    creations = list(shared.creations)
    assert creations[4] is not None
    creations[5] = replace(creations[4], asked=shared.asked[5])
    asked_twice = replace(shared, creations=creations)
    moments = follower(cast("StreamSpaceApi", None), looks).moments(asked_twice)
    assert [(seen.user, seen.session, seen.status) for seen in moments[4:6]] == [
        ("perftest5", "s-5", "Running"),
        ("perftest6", "s-5", "Running"),
    ]
    assert asked_twice.shared == ["perftest5 and perftest6 were given s-5"]
    assert len(asked_twice.ids) == 19


def test_looks_share_the_parts_of_the_list_that_stay() -> None:
    ids = [f"s-{number}" for number in range(300)]
    answers = [(ids, ""), (["new", *ids], "s-7"), (["new", *ids], "s-7")]

    def sessions() -> SessionList:
        listed, running = answers.pop(0)
        return SessionList(
            tuple(Listed(name, name, "Running" if name == running else "Pending", "u", "t") for name in listed)
        )

    api: Any = SimpleNamespace(sessions=sessions, shown_alone=lambda _: None)
    look = look_at(api)
    first, second, third = (look().parts or () for _ in range(3))
    assert sum(new is not old for new, old in zip(second, first, strict=True)) in (1, 2)
    assert all(new is old for new, old in zip(third, second, strict=True))


def test_desktop_with_a_password_is_opened_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(rfb, "attempt", lambda *_, **options: asked.update(options))
    with product(lambda _: 0.0) as api:
        clients: Any = SimpleNamespace(api=api, vnc_password="of-the-desktop")
        handshake(clients, "s-1")
    assert asked["settings"].password == "of-the-desktop"


def test_desktop_that_the_suite_may_not_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise Unproven("the user 'perftest1' cannot log in")

    monkeypatch.setattr(session_follower, "handshake", refuse)
    with product(lambda _: 0.0) as api, sampling(look_at(api), every=0.01, what="looks") as looks:
        found = follower(api, looks)
        found.own |= {"s-0", "s-1"}
        with opening_desktops(found, ["s-1"]):
            deadline = now() + 20
            while not found.closed and now() < deadline:
                looks.beyond(len(looks.items()), 0.1)
    assert found.closed == {"s-0": "the user 'perftest1' cannot log in"}
    assert found.desktops == {}


@pytest.mark.parametrize(
    ("body", "status", "counted"),
    [
        (b'{"error": "rate_limited", "message": "slow down"}', 429, (0, 0)),
        (b"slow down", 429, (0, 0)),
        (b'{"error": "internal", "message": "oops"}', 500, (1, 1)),
    ],
)
def test_limit_of_the_rate_of_looks_is_no_error(body: bytes, status: int, counted: tuple[int, int]) -> None:
    with web_server(says(body, status)) as url, HttpClient(url, "t") as client:
        api = StreamSpaceApi(client, load())
        looks: Recording[Look] = Recording()
        looks.append(look_at(api)())
        assert follower(api, looks).errors() == counted


def test_api_that_limits_the_rate_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, moments = list[str](), iter([100.0, 100.1, 100.9, 101.1])

    def limit(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        says(b'{"error": "rate_limited", "message": "slow down"}', 429)(request)

    monkeypatch.setattr(session_looks, "now", lambda: next(moments))
    with web_server(limit) as url, HttpClient(url, "t") as client:
        look = look_at(StreamSpaceApi(client, load()))
        found = [look() for _ in range(4)]
    assert [seen.limited for seen in found] == [True] * 4
    assert asked.count("/api/v1/sessions") == 2


def test_desktops_of_others_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = rfb.Framebuffer(1280, 720, "desktop", now())
    monkeypatch.setattr(session_follower, "handshake", lambda *_: opened)
    listed = [("s-1", "perftest1"), ("s-2", "somebody"), ("s-3", "perftest2")]
    sessions = [{"sessionId": name, "user": user, "status": "Running"} for name, user in listed]
    with web_server(says(json.dumps({"sessions": sessions}).encode())) as url, HttpClient(url, "t") as client:
        api = StreamSpaceApi(client, load())
        with sampling(look_at(api), every=0.01, what="looks") as looks:
            found = follower(api, looks)
            with opening_desktops(found, [], {"perftest1", "perftest2"}):
                deadline = now() + 20
                while len(found.desktops) < 2 and now() < deadline:
                    looks.beyond(len(looks.items()), 0.1)
    assert set(found.desktops) == {"s-1", "s-3"}
