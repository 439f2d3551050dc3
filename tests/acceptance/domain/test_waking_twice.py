"""A session that is woken twice, or loses its pod twice. A first time that fails is the last one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.budgets import BROWSER_SECONDS, Budgets
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions import actions, provision, steadiness, typed_command, way_in
from streamspace_acceptance.domain.sessions import lifecycle as lifecycle_module
from streamspace_acceptance.domain.sessions.desktop_again import Losses
from streamspace_acceptance.domain.sessions.home import SavedFile
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.start_patience import DesktopPatience
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.waiting import Budget
from tests.support.samples import SESSION, answer, pod

OK = ExecResult("", "", 0)


@pytest.fixture(autouse=True)
def _short_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steadiness, "BEHIND_SECONDS", 0.05)


@pytest.fixture(autouse=True)
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What comes of each attempt to get to the page of the desktop; the last of them stays."""
    left: list[str | None] = [None]
    monkeypatch.setattr(way_in, "trouble", lambda _: left.pop(0) if len(left) > 1 else left[0])
    return left


@pytest.fixture(autouse=True)
def hears(monkeypatch: pytest.MonkeyPatch) -> list[bool | None]:
    """Whether what is typed is carried out, each time; the last of them stays."""
    left: list[bool | None] = [True]
    monkeypatch.setattr(
        typed_command, "_is_carried_out", lambda *_: left.pop(0) if len(left) > 1 else left[0], raising=True
    )
    return left


def unmet(goal: str) -> Unmet:
    return Unmet(f"session {SESSION}", expected=goal, actual="nothing", likely="x")


class Product:
    """A session with the trouble that a test names, and the commands that it got."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.commands: list[str] = []
        self.looks = 0
        self.files = {"/home/user/test.txt": "test data\n", "/home/user/.test.txt.mark": "first\n"}
        self.id, self.subject = SESSION, f"session {SESSION}"
        self.profile = load()
        self.budgets = Budgets(0.0001)
        self.patience = DesktopPatience()
        self.waited: list[float] = []
        self.api = self
        self.cluster = self
        self.vnc = self

    def hibernate_session(self, _id: str) -> Answer:
        self.commands.append("hibernate")
        if self.trouble == "not again":
            raise unmet("an accepted call")
        return answer({}, 202)

    def wake_session(self, _id: str) -> Answer:
        self.commands.append("wake")
        if self.trouble == "home lost":
            self.files.clear()
        return answer({}, 202)

    def pods(self) -> list[Pod]:
        is_hibernated = self.commands[-1:] == ["hibernate"]
        self.looks += is_hibernated
        comes_back = self.trouble == "wakes by itself" and self.looks > 1
        return [] if self.trouble == "untrue" or (is_hibernated and not comes_back) else [pod()]

    def delete_pod(self, *_: object) -> None:
        self.commands.append("delete")
        if self.trouble == "home lost":
            self.files.clear()

    def status(self, _id: str) -> str:
        hibernated = "Failed" if self.trouble == "given up" else "Hibernated"
        return hibernated if self.commands[-1:] == ["hibernate"] else "Running"

    def known_uids(self) -> frozenset[str]:
        return frozenset()

    def handshake_within(self, within: Budget) -> Framebuffer | str:
        """Silence from the beginning, or once its pod was deleted, where that is the trouble."""
        self.waited.append(within.plan_seconds)
        is_silent = self.trouble == "no desktop" or (self.trouble == "no way back" and bool(self.commands))
        return "silence" if is_silent else Framebuffer(1, 1, "x", 1.0)

    def is_blank(self) -> bool | None:
        """Black once it has left its first pod, or from the beginning, where that is the trouble."""
        if self.trouble == "nobody sees it":
            return None
        return self.trouble == "bare" or (self.trouble == "black" and bool(self.commands))

    def wait_for_ready_pod(self, **_: object) -> object:
        if self.trouble == "no pod":
            raise unmet("a pod")
        return pod()

    def wait_for_status(self, word: str, **_: object) -> None:
        if self.trouble == "no status" and word == "Running":
            raise unmet(word)

    def wait_for_phase(self, *_: object, **__: object) -> None:
        """Kubernetes says the same."""

    def wait_for_no_pod(self, *_: object, **__: object) -> list[object]:
        return [pod()] if self.trouble == "pod stays" else []

    def execute(self, _pod: object, command: list[str], **_: object) -> ExecResult:
        return ExecResult(self.files.get(command[1], ""), "", 0) if command[0] == "cat" else OK


def woken(product: Product, act: Callable[[Scenario], None] = actions.wake_twice) -> tuple[SessionLifecycle, SavedFile]:
    session = cast("Session", product)
    lifecycle, results = SessionLifecycle(session, pod()), Results()
    results.put(SavedFile("/home/user/test.txt", "test data", "/home/user/.test.txt.mark", "first", OK))
    clients = SimpleNamespace(budgets=Budgets(0.0001))
    registry = SimpleNamespace(sessions=[session])
    scenario: Any = SimpleNamespace(
        session=session, lifecycle=lifecycle, results=results, clients=clients, registry=registry
    )
    act(cast("Scenario", scenario))
    return lifecycle, results[SavedFile]


def test_healthy_session_is_woken_twice_with_other_data() -> None:
    product = Product()
    lifecycle, saved = woken(product)
    assert product.commands == ["wake", "hibernate", "wake"]
    assert (saved.text, saved.mark != "first") == ("test data", True)
    lifecycle.wait_for_new_pod(within="wake")
    assert lifecycle.wait_for_status("running", within="wake")[1] == "Running"


def test_pod_after_two_wakings_is_compared_with_the_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Pod] = []

    def changes(_cluster: object, before: Pod, _after: Pod) -> list[str]:
        compared.append(before)
        return ["less"]

    monkeypatch.setattr(provision, "changes", changes)
    product, first = Product(), pod(name="first")
    monkeypatch.setattr(product, "pods", lambda: [] if product.commands[-1:] == ["hibernate"] else [pod()])
    lifecycle = SessionLifecycle(cast("Session", product), first)
    lifecycle.hibernate()
    lifecycle.wake()
    lifecycle.wait_for_new_pod(within="wake")
    lifecycle.hibernate()
    lifecycle.wake()
    assert lifecycle.changes_of(lifecycle.wait_for_new_pod(within="wake")) == ["less"]
    assert [before.meta.name for before in compared] == ["first"]


def test_healthy_session_loses_its_pod_twice_with_other_data() -> None:
    product = Product()
    lifecycle, saved = woken(product, actions.lose_pod_twice)
    assert product.commands == ["delete", "delete"]
    assert (saved.text, saved.mark != "first") == ("test data", True)
    lifecycle.wait_for_new_pod(within="restart")


@pytest.mark.parametrize("trouble", ["bare", "nobody sees it"])
def test_desktop_that_never_showed_anything_loses_its_pod_twice(trouble: str) -> None:
    product = Product(trouble)
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    assert product.commands == ["delete", "delete"]
    assert lifecycle.wait_for_vnc(within="restart")[2] is None


def test_desktop_that_is_black_after_a_loss_says_so() -> None:
    product = Product("black")
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    assert product.commands == ["delete"]
    assert "a desktop of one colour" in str(lifecycle.wait_for_vnc(within="restart")[2])


@pytest.mark.parametrize(
    ("attempts", "trouble"),
    [([None, None, None], None), ([None, None, "409 Conflict"], "409 Conflict"), (["404", "404", "404"], None)],
)
def test_way_to_the_page_is_compared_with_the_one_to_the_first_pod(
    ways: list[str | None], attempts: list[str | None], trouble: str | None
) -> None:
    ways[:] = attempts
    lifecycle, _ = woken(Product(), actions.lose_pod_twice)
    lifecycle.wait_for_new_pod(within="restart")
    assert lifecycle.losses() == Losses(trouble)


@pytest.mark.parametrize(
    ("heard", "is_deaf"),
    [([True, True, True], False), ([True, True, False], True), ([False, False], False), ([None, False], False)],
)
def test_deaf_desktop_is_compared_with_the_first_one(
    monkeypatch: pytest.MonkeyPatch, hears: list[bool | None], heard: list[bool | None], is_deaf: bool
) -> None:
    monkeypatch.setattr(typed_command, "has_no_shell", lambda *_: False)
    monkeypatch.setitem(BROWSER_SECONDS, "browser", 0.05)
    hears[:] = heard
    lifecycle, _ = woken(Product(), actions.lose_pod_twice)
    lifecycle.wait_for_new_pod(within="restart")
    assert (lifecycle.losses().deafness is not None) is is_deaf


@pytest.mark.parametrize(("way", "hears_its_user"), [("404", True), (None, False)])
def test_desktop_that_its_user_lost_once_is_left_so(
    monkeypatch: pytest.MonkeyPatch,
    ways: list[str | None],
    hears: list[bool | None],
    way: str | None,
    hears_its_user: bool,
) -> None:
    monkeypatch.setattr(typed_command, "has_no_shell", lambda *_: False)
    monkeypatch.setitem(BROWSER_SECONDS, "browser", 0.0)
    ways[:], hears[:] = [None, way], [True, hears_its_user]
    product = Product()
    woken(product, actions.lose_pod_twice)
    assert product.commands == ["delete"]


def test_desktop_of_two_pods_may_be_heard_by_the_other_one(
    monkeypatch: pytest.MonkeyPatch, hears: list[bool | None]
) -> None:
    monkeypatch.setattr(typed_command, "has_no_shell", lambda *_: False)
    monkeypatch.setitem(BROWSER_SECONDS, "browser", 0.0)
    hears[:] = [True, False]
    product = Product()
    monkeypatch.setattr(product, "pods", lambda: [pod(), pod(uid="uid-2")])
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    lifecycle.wait_for_new_pod(within="restart")
    assert lifecycle.losses() == Losses()


def test_desktop_that_does_not_come_back_is_awaited_once() -> None:
    product = Product("no way back")
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    before, found, _ = lifecycle.wait_for_vnc(within="restart")
    assert (isinstance(before, Framebuffer), found, product.waited) == (True, "silence", [120.0, 120.0])


def test_limit_of_a_sentence_counts_from_the_loss_of_the_pod() -> None:
    product = Product()
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    lifecycle.since -= 100.0
    product.waited.clear()
    lifecycle.wait_for_vnc(within=Budget("", 120.0, 1.0))
    lifecycle.wait_for_vnc(within=Budget("", 60.0, 1.0))
    lifecycle.wait_for_vnc(within="restart")
    assert product.waited == [pytest.approx(20.0, abs=0.5), 1.0, 120.0]


def test_desktop_that_was_silent_before_is_awaited_for_a_part_of_the_budget() -> None:
    product = Product("no desktop")
    lifecycle, _ = woken(product, actions.lose_pod_twice)
    assert lifecycle.wait_for_vnc(within="restart")[:2] == ("silence", "silence")
    lifecycle.delete_pod()
    assert product.waited == [120.0, 40.0, 40.0]


@pytest.mark.parametrize("trouble", ["no pod", "no status", "home lost"])
def test_first_loss_after_which_something_is_missing_is_the_last(trouble: str) -> None:
    product = Product(trouble)
    _, saved = woken(product, actions.lose_pod_twice)
    assert (product.commands, saved.mark) == (["delete"], "first")


@pytest.mark.parametrize("trouble", ["no pod", "no status", "no desktop", "home lost"])
def test_first_waking_that_fails_is_the_last(trouble: str) -> None:
    product = Product(trouble)
    lifecycle, saved = woken(product)
    assert (product.commands, saved.mark) == (["wake"], "first")
    product.trouble = ""
    if trouble == "no pod":
        with pytest.raises(Unmet, match="a pod"):
            lifecycle.wait_for_new_pod(within="wake")
    if trouble == "no status":
        with pytest.raises(Unmet, match="Running"):
            lifecycle.wait_for_status("running", within="wake")


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("not again", "nothing"),
        ("pod stays", "Running 1/1 is left"),
        ("wakes by itself", "with pod .* Running 1/1, .* later"),
        ("given up", "Failed, with no pod"),
    ],
)
def test_second_hibernation_that_fails_is_what_the_waking_fails_for(
    monkeypatch: pytest.MonkeyPatch, trouble: str, says: str
) -> None:
    monkeypatch.setattr(lifecycle_module, "MOMENT_SECONDS", 0.01)
    product = Product(trouble)
    lifecycle, _ = woken(product)
    assert product.commands == ["wake", "hibernate"]
    with pytest.raises(Unmet, match=says) as caught:
        lifecycle.wait_for_new_pod(within="wake")
    assert caught.value.subject.endswith("hibernated a second time")
    with pytest.raises(Unproven, match="not hibernated a second time"):
        lifecycle.wait_for_status("running", within="wake")


@pytest.mark.parametrize("command", ["wake", "hibernate"])
def test_status_that_the_pods_contradict_fails(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(lifecycle_module, "MOMENT_SECONDS", 0.01)
    product, name = Product("untrue"), {"wake": "running", "hibernate": "hibernated"}[command]
    monkeypatch.setattr(product, "pods", lambda: [] if command == "wake" else [pod()])
    lifecycle = SessionLifecycle(cast("Session", product), pod())
    getattr(lifecycle, command)()
    lifecycle.wait_for_no_pod(within="wake") if command == "hibernate" else lifecycle.wait_for_new_pod(within="wake")
    with pytest.raises(Unmet, match="only when that is so") as caught:
        lifecycle.wait_for_status(name, within="wake")
    assert caught.value.likely == "the status shows the command, not the state"


@pytest.mark.parametrize("command", ["wake", "hibernate"])
def test_status_that_comes_with_the_pods_is_true(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    product, name = Product("untrue"), {"wake": "running", "hibernate": "hibernated"}[command]
    monkeypatch.setattr(product, "pods", lambda: [pod()] if command == "wake" else [pod(deleting=True)])
    lifecycle = SessionLifecycle(cast("Session", product), pod())
    getattr(lifecycle, command)()
    lifecycle.wait_for_no_pod(within="wake") if command == "hibernate" else lifecycle.wait_for_new_pod(within="wake")
    assert lifecycle.wait_for_status(name, within="wake")


def test_command_that_tells_an_error_is_quoted_where_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product("no pod")
    said = answer({"error": "database", "message": "It did not answer."}, 200)
    monkeypatch.setattr(product, "wake_session", lambda _: said)
    lifecycle = SessionLifecycle(cast("Session", product), pod())
    lifecycle.wake()
    with pytest.raises(Unmet, match="nothing; the command was answered 200"):
        lifecycle.wait_for_new_pod(within="wake")
