"""A day of several users: what is right is taken for that, and each way of interfering is told by its own sentence."""

from __future__ import annotations

import io
import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Claim
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.concurrency import concurrent_use, desktop_viewers, markers
from streamspace_acceptance.domain.concurrency.concurrent_use import ConcurrentUse, UseResult
from streamspace_acceptance.domain.sessions import rendering
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Stamped, now
from tests.support.main_containers import WithMainContainers
from tests.support.samples import Json, pod_json

IDS = ("s-1", "s-2", "s-3", "s-4")
DARK = (10, 20, 30)


class Office(WithMainContainers):
    """The product: a desktop for each session, viewers of them, and one trouble at the most."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.profile = load()
        self.viewers: list[Viewer] = []
        self.colours = dict.fromkeys(IDS, DARK)
        self.kept: dict[str, list[set[str]]] = {session_id: [set(), set(), set()] for session_id in IDS}
        self.changes: dict[str, list[Any]] = {session_id: [] for session_id in IDS}
        self.visits: list[str] = []
        self.asking: set[str] = set()
        self.crossed = threading.Event()
        self.sessions = [self._session(session_id) for session_id in IDS]

    def _session(self, session: str) -> Any:
        return SimpleNamespace(
            id=session,
            api=self,
            cluster=self,
            budgets=SimpleNamespace(named=lambda name: Budget(name, 0.15, 1.0)),
            changes=SimpleNamespace(items=lambda: self.changes[session]),
            pods=lambda: [SimpleNamespace(running=True, session=session)],
            known_uids=lambda: frozenset({f"uid-{session}"}),
        )

    def status(self, _session: str) -> str:
        return "Failed" if self.trouble == "status" and self.visits[-1] == "ended" else "Running"

    def raw_pods(self, **labels: str) -> list[Json]:
        session = labels["session"]
        claim = "one-home" if self.trouble.startswith("one-claim") else f"{session}-home"
        return [pod_json(session, f"uid-{session}", labels=labels, claim=claim)]

    def claims(self) -> list[Claim]:
        """The claims of the first user end with the last user's session, as soon as nothing uses them any more."""
        names = ["one-home", *(f"{session}-home" for session in IDS)]
        over = "ended" in self.visits and self.trouble == "claim-deleted-too"
        gone = (
            {"claim-gone-too": "s-1-home", "one-claim-gone": "one-home"}.get(self.trouble)
            if "ended" in self.visits
            else None
        )
        times = {"s-1-home": "2026-01-01T00:00:00Z"} if over else {}
        return [
            Claim.of({"metadata": {"name": name, "uid": name, "deletionTimestamp": times.get(name)}})
            for name in names
            if name != gone
        ]

    def session_object(self, session: str) -> Any:
        deleting = "ended" in self.visits and (self.trouble, session) == ("object-deleted-too", "s-2")
        return SimpleNamespace(meta=SimpleNamespace(deleting=deleting))

    def execute(self, pod: Any, command: list[str]) -> ExecResult:
        if command[2] != markers.LOOK:
            name = "s-1" if self.trouble == "one-namespace" else pod.meta.name
            return ExecResult(f"boot pid:[{name}]", "", 0)
        parts = [sorted(part) for part in self.kept[pod.session]]
        return ExecResult("".join(f"==\n{' '.join(part)}\n" for part in parts), "", 0)

    def connect(self, session: str) -> None:
        """The second user is led to the third one's desktop where both ask at the same time."""
        self.asking.add(session)
        if self.trouble == "crossed-at-once" and session in ("s-2", "s-3"):
            if {"s-2", "s-3"} <= self.asking:
                self.crossed.set()
            self.crossed.wait(5.0)
        self.asking.discard(session)

    def leads(self, viewer: Viewer) -> str:
        if self.crossed.is_set() and viewer.session == "s-2":
            return "s-3"
        if self.trouble == "mixed-commands" and viewer.session == "s-1":
            return "s-2"
        again = self.trouble == "wrong-desktop-later" and self.visits.count("s-2") > 1
        return "s-1" if (again or self.trouble == "wrong-desktop") and viewer.session == "s-2" else viewer.session

    def obey(self, session: str, text: str) -> None:
        """A command that a user has typed."""
        if self.trouble == "deaf":
            return
        found = re.search(r"#([0-9a-f]{6})", text)
        assert found is not None
        self.colours[session] = tuple(bytes.fromhex(found[1]))  # type: ignore[assignment]
        name = re.match(r"m=(\d+);", text)
        if name and not (self.trouble == "mixed-commands" and session == "s-2"):
            for place in range(3):
                self.keep(session, place, name[1])

    def keep(self, session: str, place: int, name: str) -> None:
        if self.trouble == "read-only" and place == 1:
            return
        self.kept[session][place].add(name)
        shared = {
            "shared-home": 1,
            "one-claim": 1,
            "one-claim-gone": 1,
            "shared-processes": 2,
            "one-namespace": 2,
            "shared-files": 0,
        }
        if session == "s-2" and shared.get(self.trouble) == place:
            self.kept["s-3"][place].add(name)

    def filters(self, colour: tuple[int, int, int]) -> tuple[int, int, int]:
        """A night light, where there is one."""
        red, green, blue = colour
        return (red, green * 3 // 4, blue // 2) if "filter" in self.trouble else colour

    def end(self, session: Any) -> str | None:
        if self.trouble == "endless":
            return f"{session.id} does not end"
        self.visits.append("ended")
        if self.trouble == "cut-all":
            self.viewers.clear()
        if self.trouble == "new-pod":
            self.changes["s-1"].append(Stamped(now(), SimpleNamespace(kind="ADDED", object=pod_json("p", "uid-new"))))
        if self.trouble in ("emptied-homes", "ended-processes"):
            for kept in self.kept.values():
                kept[1 if self.trouble == "emptied-homes" else 2].clear()
        if self.trouble == "lost-pod":
            gone = SimpleNamespace(kind="DELETED", object=pod_json("p", "uid-s-1"))
            self.changes["s-1"].append(Stamped(now(), gone))
        return None


class Viewer:
    """A page."""

    def __init__(self, office: Office, session: str) -> None:
        self.office = office
        self.session = session
        self.looks = 0
        self.pointer = (0, 0)

    @property
    def connections(self) -> tuple[int, int]:
        """(load, connections)"""
        left = "ended" in self.office.visits
        flaps = self.office.trouble == "flapping" or (self.office.trouble == "cut-once" and left)
        return 1 + (self.office.trouble == "network" and left), self.looks if flaps else 1

    def picture(self) -> Picture | None:
        self.looks += 1
        if not self.served():
            return None
        stands = self.office.trouble == "still-behind-a-filter"
        return self.image(DARK if stands else self.office.colours[self.office.leads(self)], self.office.filters)

    def framebuffer(self) -> Picture:
        return self.image(self.office.colours[self.office.leads(self)], lambda colour: colour)

    @staticmethod
    def image(colour: tuple[int, int, int], filtered: Any) -> Picture:
        image = Image.new("RGB", (40, 30), filtered((36, 80, 110)))
        image.paste(filtered(colour), (5, 5, 35, 25))
        data = io.BytesIO()
        image.save(data, "PNG")
        return Picture(data.getvalue())

    def served(self) -> bool:
        viewers, trouble = self.office.viewers, self.office.trouble
        if self not in viewers or (trouble == "too-many" and viewers.index(self) > 2):
            return False
        later = [viewer for viewer in viewers[viewers.index(self) + 1 :] if viewer.session == self.session]
        if trouble == "one-visit" and self.office.visits.count(self.session) > 1 and self.session == "s-2":
            return False
        return not (trouble == "ousted" and later)

    def click(self, x: int, y: int) -> None:
        self.pointer = (x, y)

    def framebuffer_size(self) -> tuple[int, int]:
        return 40, 30

    def places(self) -> list[tuple[int, int]]:
        return [(1, 1), (20, 15)]

    def trouble(self) -> None:
        return None

    def type(self, text: str) -> None:
        is_beside = self.office.trouble == "terminal-beside" and self.pointer != (20, 15)
        if self.served() and not is_beside:
            self.office.obey(self.office.leads(self), text)

    def whole_page(self) -> bytes:
        return b""


class Desk:
    """As much of a desk as a screen needs."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.viewer: Viewer | None = None
        self.place: tuple[int, int] | None = None

    def opened(self) -> Viewer:
        assert self.viewer is not None
        return self.viewer

    def connect(self) -> None:
        self.session.api.connect(self.session.id)

    def check_connected(self) -> None:
        if self.session.api.trouble == "no-address":
            raise Unmet("a desktop", expected="an address", actual="409", likely="")

    def open(self, _browser: Any) -> None:
        office: Office = self.session.api
        self.viewer = Viewer(office, self.session.id)
        office.viewers.append(self.viewer)
        office.visits.append(self.session.id)

    def close(self) -> None:
        viewers: list[Viewer] = self.session.api.viewers
        if self.viewer in viewers:
            viewers.remove(self.viewer)
        self.viewer = None


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrent_use, "SessionDesktop", Desk)
    monkeypatch.setattr(rendering, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(desktop_viewers, "PATIENCE_SECONDS", 0.02)
    for module in (desktop_viewers, concurrent_use):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)


def day(trouble: str = "") -> UseResult:
    office: Any = Office(trouble)
    outcome = ConcurrentUse(ConcurrentRequests([], office.sessions), office, office).run(office.end)
    assert not office.viewers
    return outcome


@pytest.mark.parametrize("no_trouble", ["", "network", "a-filter", "terminal-beside"])
def test_a_day_on_which_nobody_notices_anybody(no_trouble: str) -> None:
    outcome = day(no_trouble)
    expect.users.reachable(outcome)
    expect.users.undisturbed(outcome)
    assert outcome == UseResult()


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("no-address", "it does not open: 409"),
        ("too-many", "desktop of s-4, the desktop of s-1 for a second viewer: a desktop to be visible: not within"),
        ("deaf", "the typed text to be visible: not within"),
        ("still-behind-a-filter", "the typed text to be visible: not within"),
        ("flapping", "4 desktops: it was cut off"),
        ("ousted", "the desktop of s-1: a desktop to be visible: not within"),
        ("one-visit", "the desktop of s-2 after reconnecting: the desktop as the user left it: not within"),
    ],
)
def test_desktops_that_are_out_of_reach(trouble: str, says: str) -> None:
    outcome = day(trouble)
    with pytest.raises(Unmet, match=says):
        expect.users.reachable(outcome)
    with pytest.raises(Unproven):
        expect.users.undisturbed(outcome)
    outcome.alone = "a blank screen"
    with pytest.raises(Unproven, match="opened alone does not work either"):
        expect.users.reachable(outcome)


def test_one_trouble_of_all_desktops_is_told_once() -> None:
    outcome = day("no-address")
    assert len(outcome.unreachable) > 1
    assert outcome.troubles == [f"{len(outcome.unreachable)} desktops: it does not open: 409"]
    with pytest.raises(Unproven) as caught:
        expect.users.undisturbed(outcome)
    assert caught.value.reason.count("it does not open") == 1


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("shared-files", "a temporary file in s-3, made in s-2"),
        ("wrong-desktop-later", "s-2 after reconnecting shows what was typed in s-1"),
        ("shared-home", "a file in the home in s-3, made in s-2"),
        ("shared-processes", "a process in s-3, made in s-2"),
        ("cut-all", "the desktop of s-1: the desktop still to be visible: not within"),
        ("cut-once", "the desktop of s-1: it was cut off"),
        ("new-pod", "pod p is new"),
        ("lost-pod", "pod p is gone"),
        ("claim-deleted-too", "the claim s-1-home of s-1 is being deleted"),
        ("claim-gone-too", "the claim s-1-home of s-1 is gone"),
        ("object-deleted-too", "s-2 is being deleted in Kubernetes"),
        ("status", "s-1 is Failed"),
        ("emptied-homes", "a file in the home of s-1 is gone; a file in the home of s-2 is gone"),
        ("ended-processes", "a process of s-3 is gone"),
    ],
)
def test_users_who_get_in_each_others_way(trouble: str, says: str) -> None:
    outcome = day(trouble)
    expect.users.reachable(outcome)
    with pytest.raises(Unmet, match=says):
        expect.users.undisturbed(outcome)


@pytest.mark.parametrize(("trouble", "other"), [("wrong-desktop", "s-1"), ("crossed-at-once", "s-3")])
def test_a_viewer_who_is_led_to_anothers_desktop(trouble: str, other: str) -> None:
    outcome = day(trouble)
    with pytest.raises(Unproven, match="sessions interfere"):
        expect.users.reachable(outcome)
    with pytest.raises(Unmet, match=f"a temporary file in {other}, made in s-2"):
        expect.users.undisturbed(outcome)


def test_user_whose_desktop_has_guests_is_not_out_of_reach() -> None:
    outcome = day("mixed-commands")
    with pytest.raises(Unproven, match=r"sessions interfere.*s-2: what was typed was not carried out"):
        expect.users.reachable(outcome)
    with pytest.raises(Unmet, match="the desktop of s-1 shows what was typed in s-2"):
        expect.users.undisturbed(outcome)


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("one-claim", "share the volume one-home"),
        ("one-claim-gone", "share the volume one-home"),
        ("one-namespace", "share processes"),
        ("read-only", "a file in the home of s-1"),
        ("endless", "s-4 does not end"),
    ],
)
def test_what_another_criterion_answers_for_proves_nothing_here(trouble: str, says: str) -> None:
    outcome = day(trouble)
    expect.users.reachable(outcome)
    with pytest.raises(Unproven, match=says):
        expect.users.undisturbed(outcome)
