"""Every expectation is seen to fail, for each reason that it has, and to hold when all is well."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.desktop.page_load import PageState
from streamspace_acceptance.desktop.pictures import Area, Picture
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.desktop_again import DesktopAgain, Losses
from streamspace_acceptance.domain.sessions.home import FileState, HomeVolume, MountPoint, SavedFile
from streamspace_acceptance.domain.sessions.input_probe import InputProbe
from streamspace_acceptance.domain.sessions.other_sessions import OtherSession
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import Start, Starts, VncCheck
from streamspace_acceptance.measuring.startup_phases import Phases
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import Listed
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.rfb import Framebuffer, HandshakeTrouble
from streamspace_acceptance.waiting import Budget
from tests.support.samples import SESSION, answer, claim, pod, session_object

PROFILE = load()
STARTUP = Budget("", 60, 0.1)


class _Named:
    """As much of a session as an expectation looks at."""

    id = SESSION
    subject = f"session {SESSION}"

    vnc = SimpleNamespace(served=lambda: 0)


NAMED = cast("Session", _Named())


def unmet(check: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(Unmet) as caught:
        check(*arguments)
    return str(caught.value)


# Creation

LISTED = Listed(SESSION, SESSION, "Pending", "testuser", "firefox-browser")
GOOD = {"sessionId": SESSION, "name": SESSION, "status": "pending"}


def creation(body: object = GOOD, status: int = 201, listed: tuple[Listed, ...] = (LISTED,)) -> Creation:
    asked = Asked("testuser", "firefox-browser", "standard", frozenset({"old"}))
    return Creation(asked, answer(body, status, method="POST"), SESSION, listed[0].id if listed else None, listed)


def test_one_request_makes_one_session() -> None:
    twice = replace(creation(), others=frozenset({f"{SESSION}-2"}))
    assert f"has made {SESSION}-2 as well" in unmet(expect.sessions.identified, twice, "pending")


def test_exactly_that_status() -> None:
    expect.sessions.answered(answer({}, 201), 201)
    assert "200" in unmet(expect.sessions.answered, answer({}, 200), 201)


def test_the_answer_identifies_the_session() -> None:
    expect.sessions.identified(creation(), "pending")
    expect.sessions.identified(creation(listed=()), "pending")
    expect.sessions.identified(creation(listed=(replace(LISTED, user=None, template=None),)), "pending")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (creation(GOOD | {"sessionId": ""}), "sessionId is ''"),
        (creation(GOOD | {"sessionId": 7}), "sessionId is 7"),
        (creation({key: GOOD[key] for key in ("name", "status")}), "sessionId is None"),
        (creation(GOOD | {"name": None}), "name is None"),
        (creation(GOOD | {"name": "another"}), "name is 'another', but the new session's"),
        (creation(GOOD | {"sessionId": "another"}), "but the new session is"),
        (creation(GOOD | {"sessionId": "old"}), "was there before"),
        (creation(GOOD | {"status": "Running"}), "status is 'Running'"),
        (creation(GOOD | {"status": "Pending"}), "status is 'Pending'"),
        (creation(listed=(LISTED, LISTED)), "lists 2 sessions"),
        (creation(listed=(replace(LISTED, user="somebody"),)), "lists it with user 'somebody', not 'testuser'"),
        (creation(listed=(replace(LISTED, template="gimp"),)), "lists it with template 'gimp'"),
        (creation(GOOD | {"user": "somebody"}), "user is 'somebody', not 'testuser'"),
        (creation(GOOD | {"template": "gimp"}), "template is 'gimp'"),
        (creation({"error": "database", "message": "It did not answer."}), "it tells an error: {"),
        (creation([GOOD]), "a JSON list"),
        (creation(b"created"), "created"),
    ],
)
def test_an_answer_that_does_not(made: Creation, says: str) -> None:
    assert says in unmet(expect.sessions.identified, made, "pending")


@pytest.mark.parametrize("status", [500, 200])
def test_an_answer_that_says_no_identifies_nothing(status: int) -> None:
    with pytest.raises(Unproven):
        expect.sessions.identified(creation({"error": "x", "message": "No."}, status), "pending")


def test_the_session_in_kubernetes_is_the_one_asked_for() -> None:
    expect.sessions.listed(creation(), session_object(), session_object())
    anothers = creation(listed=(replace(LISTED, user="other"),))  # 1.1a-2 says so
    expect.sessions.listed(anothers, session_object(user="other"), session_object(user="other"))
    assert "'third'" in unmet(expect.sessions.listed, anothers, session_object(user="third"), session_object())


@pytest.mark.parametrize(
    ("listed", "alone", "says"),
    [
        (session_object(user="other"), session_object(), "its user is 'other'"),
        (session_object(template=None), session_object(), "its template is None"),
        (session_object(deleting=True), session_object(), "being deleted"),
        (session_object(), session_object(uid="s-2"), "another, or none"),
        (session_object(), None, "another, or none"),
    ],
)
def test_a_session_in_kubernetes_that_is_another(listed: Any, alone: Any, says: str) -> None:
    assert says in unmet(expect.sessions.listed, creation(), listed, alone)


@pytest.mark.parametrize("name", [SESSION, f"{SESSION}-5d-x1"])
def test_a_pod_named_after_the_session(name: str) -> None:
    expect.pods.named_after(NAMED, [pod(name=name)])


@pytest.mark.parametrize("names", [["desktop-1"], [f"{SESSION}x-1"], [f"{SESSION}-1", "desktop-1"], []])
def test_a_pod_named_after_something_else(names: list[str]) -> None:
    unmet(expect.pods.named_after, NAMED, [pod(name=name) for name in names])


def test_the_template_is_offered() -> None:
    expect.templates.offered("firefox-browser", frozenset({"firefox-browser"}))
    unmet(expect.templates.offered, "firefox-browser", frozenset({"other"}))


# Starts


def starts(*seconds: float, wanted: int = 5, trouble: Unmet | None = None) -> Starts:
    made = [Start(NAMED, 0.0, Phases({"end to end": duration})) for duration in seconds]
    return Starts(wanted, made + ([Start(NAMED, 0.0, trouble=trouble)] if trouble else []))


NEVER = Unmet("session s", expected="Running", actual="Pending", likely="?")


def test_all_starts_reach_running() -> None:
    expect.sessions.series_running(starts(1, 2, 3, 4, 5))
    with pytest.raises(Unmet, match="Pending"):
        expect.sessions.series_running(starts(1, 2, trouble=NEVER))
    with pytest.raises(Unproven, match="2 of 5"):
        expect.sessions.series_running(starts(1, 2))


def test_sessions_stay_running() -> None:
    expect.sessions.status_kept("Running", {SESSION: "Running"})
    assert "is Pending" in unmet(expect.sessions.status_kept, "Running", {"other": "Running", SESSION: "Pending"})
    assert "not listed" in unmet(expect.sessions.status_kept, "Running", {SESSION: None})


def test_the_mean_is_of_all_starts_and_below_the_budget() -> None:
    assert expect.sessions.mean_below(starts(1, 2, 3, 4, 5), STARTUP) == pytest.approx(3)
    assert "mean 6.00 s" in unmet(expect.sessions.mean_below, starts(6, 6, 6, 6, 6), STARTUP)
    nobody_at_work = Starts(5, [Start(NAMED, 0.0, Phases({"end to end": None})), *starts(1, 2, 3, 4).made])
    for incomplete in (starts(1, 2), starts(1, 2, trouble=NEVER), starts(), nobody_at_work):
        with pytest.raises(Unproven):
            expect.sessions.mean_below(incomplete, STARTUP)


def test_ready_is_every_container() -> None:
    expect.pods.ready([pod(), pod(uid="uid-2")])
    unmet(expect.pods.ready, [pod(), pod(ready=False)])
    unmet(expect.pods.ready, [pod(deleting=True)])
    expect.pods.ready([replace(pod(), containers=2, ready_containers=2)])
    unmet(expect.pods.ready, [replace(pod(), containers=2, ready_containers=1)])
    unmet(expect.pods.ready, [replace(pod(), conditions={})])


DESKTOP = Framebuffer(1280, 720, "desk", 1.0)


def listening(framebuffer: Framebuffer | str, *, port_listens: bool = True, serves: bool = True) -> list[VncCheck]:
    return [VncCheck(SESSION, framebuffer, 5900, port_listens, serves)]


def test_a_vnc_server_listens_in_the_sessions_own_pod() -> None:
    expect.desktops.vnc_listening(listening(DESKTOP))
    assert "no RFB" in unmet(expect.desktops.vnc_listening, listening("no RFB version"))
    assert "nothing listens" in unmet(expect.desktops.vnc_listening, listening(DESKTOP, port_listens=False))
    assert "another session's server" in unmet(expect.desktops.vnc_listening, listening(DESKTOP, serves=False))
    (hidden,) = listening(DESKTOP, port_listens=False, serves=False)
    with pytest.raises(Unproven, match="does not show"):
        expect.desktops.vnc_listening([replace(hidden, sockets_seen=False)])


def test_vnc_server_that_answers_once_names_the_way_to_it() -> None:
    check = VncCheck(SESSION, HandshakeTrouble("no ProtocolVersion came"), 5900, False, False)
    assert "nothing that speaks RFB" in unmet(expect.desktops.vnc_listening, [check])
    closed = replace(check, port_listens=True)
    assert "its pod listens on port 5900" in unmet(expect.desktops.vnc_listening, [closed])
    assert "answered an earlier viewer" in unmet(expect.desktops.vnc_listening, [replace(check, served=1)])


def test_socket_at_another_path_names_the_profile() -> None:
    trouble = HandshakeTrouble("the WebSocket ws://x does not open: server rejected WebSocket connection: HTTP 404")
    check = VncCheck(SESSION, trouble, 5900, False, False)
    assert "calls.vnc" in unmet(expect.desktops.vnc_listening, [check])
    assert "answered an earlier viewer" in unmet(expect.desktops.vnc_listening, [replace(check, served=1)])


def test_a_handshake() -> None:
    expect.desktops.vnc_answers(NAMED, DESKTOP)
    unmet(expect.desktops.vnc_answers, NAMED, "no ProtocolVersion came")


def test_a_handshake_again() -> None:
    again = DesktopAgain(DESKTOP, DESKTOP)
    expect.desktops.vnc_answers_again(NAMED, again)
    expect.desktops.vnc_answers_again(NAMED, replace(again, before="not yet"))
    unmet(expect.desktops.vnc_answers_again, NAMED, replace(again, after="no ProtocolVersion came"))
    blank = replace(again, blank="a desktop of one colour for 12.0 s")
    assert "such as an old lock file" in unmet(expect.desktops.vnc_answers_again, NAMED, blank)
    refused = unmet(expect.desktops.vnc_answers_again, NAMED, replace(again, losses=Losses("409 Conflict")))
    assert "an address and a page for its user, as before" in refused
    deaf = unmet(expect.desktops.vnc_answers_again, NAMED, replace(again, losses=Losses(deafness="none")))
    assert "a desktop that hears its user again" in deaf
    with pytest.raises(Unproven, match="had not answered before either: mute"):
        expect.desktops.vnc_answers_again(NAMED, DesktopAgain("mute", "no ProtocolVersion came"))


def test_desktop_again_tells_only_of_what_was_looked_at() -> None:
    seen = DesktopAgain(DESKTOP, DESKTOP, blank="one colour").rows()
    assert [row[1:] for row in seen[1:3]] == [("shows something", "one colour"), ("opens", "opens")]
    unseen = DesktopAgain("mute", DESKTOP, showed_before=False, reached_before=False, heard_before=False).rows()
    assert unseen[0][1] == "mute"
    assert [new for _, _, new in unseen[1:]] == ["not looked at"] * 3
    assert DesktopAgain(DESKTOP, "silence").rows()[1] == ("picture", "shows something", "not looked at")


# Desktop


def test_an_address_in_the_answer() -> None:
    expect.desktops.address_given(answer({"url": "http://127.0.0.1:8080/vnc/s?token=t"}), PROFILE)


@pytest.mark.parametrize(
    "url", [None, "", 7, "/vnc/s", "ftp://x/y", "http://", "http://a b/", ["http://x/"], "http://[x"]
)
def test_no_address_in_the_answer(url: object) -> None:
    unmet(expect.desktops.address_given, answer({"url": url}), PROFILE)


def test_no_address_without_a_yes() -> None:
    unmet(expect.desktops.address_given, answer({"url": "http://x/"}, 409), PROFILE)
    expect.desktops.address_given(answer({"url": "http://x/"}, 201), PROFILE)
    unmet(expect.desktops.address_given, answer({"error": "x"}, 201), PROFILE)
    unmet(expect.desktops.address_given, answer({}), PROFILE)
    assert "addresses.relative" in unmet(expect.desktops.address_given, answer({"url": "/vnc/s"}), PROFILE)


def test_a_page_is_200_and_html() -> None:
    expect.desktops.page_served(answer(b"<!doctype html>", content_type="text/html; charset=utf-8"))
    expect.desktops.page_served(answer(b"<?xml?><html/>", content_type="application/xhtml+xml"))
    expect.desktops.page_served(answer(b"\n<!DOCTYPE html><p>", content_type=""))
    unmet(expect.desktops.page_served, answer(b"<error/>", content_type=""))
    unmet(expect.desktops.page_served, answer(b"<!doctype html>", 404, content_type="text/html"))
    unmet(expect.desktops.page_served, answer(b"{}", content_type="application/json"))
    unmet(expect.desktops.page_served, answer(b"", content_type="text/html"))


def test_novnc_runs_with_its_scripts_and_its_screen() -> None:
    expect.desktops.client_loaded(PageState(scripts=["a"], novnc=["a"], canvas=True))
    unmet(expect.desktops.client_loaded, PageState(scripts=["a"], canvas=True))
    unmet(expect.desktops.client_loaded, PageState(scripts=["a"], novnc=["a"]))
    assert "404" in unmet(expect.desktops.client_loaded, PageState(novnc=["a"], broken_scripts=["/b answers 404"]))
    assert "with status 503" in unmet(expect.desktops.client_loaded, PageState(scripts=["a"], status=503))
    for runs in (PageState(novnc=["a"], started=True), PageState(novnc=["a"], button="Connect")):
        expect.desktops.client_loaded(runs)
    expect.desktops.client_loaded(PageState(novnc=["a"], canvas=True, broken_scripts=["statistics answer 404"]))


def picture() -> Picture:
    data = io.BytesIO()
    Image.new("RGB", (100, 80)).save(data, "PNG")
    return Picture(data.getvalue())


TRIAL = InputProbe((50, 40), picture(), picture(), Area(0.5, (10, 10, 90, 70)), received=True, clicked=True)


def test_a_desktop_that_responds() -> None:
    expect.desktops.responds(TRIAL)
    unmet(expect.desktops.responds, replace(TRIAL, colour=Area(0.01, (10, 10, 90, 70))))
    expect.desktops.responds(replace(TRIAL, colour=Area(0.01, (10, 10, 90, 70)), least=0.007))  # of a large screen
    unmet(expect.desktops.responds, replace(TRIAL, colour=Area(0.5, (60, 10, 90, 70))))
    unmet(expect.desktops.responds, replace(TRIAL, colour=Area(0.5, None)))
    unmet(expect.desktops.responds, replace(TRIAL, received=False))
    unmet(expect.desktops.responds, replace(TRIAL, clicked=False))


# Home

DONE = ExecResult("", "", 0)
FILE = SavedFile("/home/user/test.txt", "test data", "/home/user/.test.txt.mark", "abcd", DONE)
READ = FileState("p", ExecResult("test data\n", "", 0), ExecResult("abcd\n", "", 0))


def test_files_of_another_kind_that_are_lost() -> None:
    file, found = replace(FILE, more="a link leads to: program\n"), replace(READ, more="a link leads to: \n")
    expect.homes.kept(file, replace(READ, more=file.more))
    assert "a link leads to: nothing, not program" in unmet(expect.homes.kept, file, found)
    assert "the home is there" in unmet(expect.homes.kept, file, found)


def test_a_file_that_was_saved_and_kept() -> None:
    expect.homes.saved(FILE, READ)
    expect.homes.kept(FILE, READ)


@pytest.mark.parametrize(
    "found",
    [
        replace(READ, file=ExecResult("", "No such file", 1)),
        replace(READ, file=ExecResult("test data", "", 0)),
        replace(READ, file=ExecResult("test data\n\n", "", 0)),
        replace(READ, file=ExecResult("test data\n", "", 1)),
        replace(READ, mark=ExecResult("", "No such file", 1)),
        replace(READ, mark=ExecResult("dcba\n", "", 0)),
    ],
)
def test_a_file_that_is_gone_or_another(found: FileState) -> None:
    unmet(expect.homes.kept, FILE, found)
    unmet(expect.homes.saved, FILE, found)


def test_a_file_that_could_not_be_saved() -> None:
    assert "Read-only" in unmet(expect.homes.saved, replace(FILE, done=ExecResult("", "Read-only", 1)), READ)


HOME = HomeVolume(
    pod="p",
    path="/home/user",
    mounts=pod().mounts,
    mount_points=(MountPoint("/home/user", "ext4", frozenset({"rw", "relatime"})),),
    claim=claim(),
    is_own=True,
    shared_with=(),
)


def _mount(kind: str) -> MountPoint:
    return MountPoint("/home/user", kind, frozenset({"rw"}))


@pytest.mark.parametrize("kind", ["ext4", "nfs4", "overlay"])
def test_a_home_on_its_own_volume(kind: str) -> None:
    expect.homes.on_own_volume(replace(HOME, mount_points=(_mount(kind),)))


@pytest.mark.parametrize(
    ("home", "says"),
    [
        (replace(HOME, mounts=()), "0 volumes"),
        (replace(HOME, mounts=pod(claim=None).mounts), "none is a volume claim"),
        (replace(HOME, claim=None), "does not exist"),
        (replace(HOME, claim=claim(phase="Pending")), "is Pending"),
        (replace(HOME, is_own=False), "another session's"),
        (replace(HOME, shared_with=("q",)), "also used by q"),
        (replace(HOME, mounts=(replace(HOME.mounts[0], read_only=True),)), "reading only"),
        (replace(HOME, mount_points=()), "nothing is mounted"),
        (replace(HOME, homes_elsewhere=("/root",)), "the desktop's programs have /root for their home"),
        (replace(HOME, mount_points=(*HOME.mount_points, _mount("tmpfs"))), "a tmpfs is mounted over it"),
        (replace(HOME, mount_points=(MountPoint("/home/user", "ext4", frozenset({"ro"})),)), "reading only"),
    ],
)
def test_a_home_that_is_elsewhere(home: HomeVolume, says: str) -> None:
    assert says in unmet(expect.homes.on_own_volume, home)


def test_home_at_another_path_is_told_with_that_path() -> None:
    away = replace(HOME, mounts=(), claim=None, is_own=False, elsewhere=("/config",))
    assert "the volume is mounted at /config; a contract profile" in unmet(expect.homes.on_own_volume, away)
    missing = replace(FILE, done=ExecResult("", "bash: /home/user/test.txt: No such file or directory", 1))
    assert "there is no such folder" in unmet(expect.homes.saved, missing, READ)


# Pods that go and come back


def lifecycle(former: str, *pods: Any, changes: Sequence[str] = ()) -> Any:
    return SimpleNamespace(
        former=frozenset({former}),
        session=SimpleNamespace(id=SESSION, subject=NAMED.subject, pods=lambda: list(pods)),
        changes_of=lambda _pod: list(changes),
        seconds_until_ready=lambda _pod: 1.5,
        seconds_until_gone=lambda: 2.5,
    )


def test_replaced_by_another_pod_that_is_ready() -> None:
    assert expect.pods.replaced(lifecycle("uid-0", pod(), pod(uid="uid-0", deleting=True)), pod()) == 1.5
    unmet(expect.pods.replaced, lifecycle("uid-1", pod()), pod())
    unmet(expect.pods.replaced, lifecycle("uid-0", pod()), pod(ready=False))


def test_replaced_by_a_pod_with_other_resources() -> None:
    replaced = lifecycle("uid-0", pod(), changes=["its pod's limits are less"])
    assert "its pod's limits are less" in unmet(expect.pods.replaced, replaced, pod())


def test_two_pods_are_no_replacement() -> None:
    for uid in ("uid-0", "uid-2"):
        assert "beside it" in unmet(expect.pods.replaced, lifecycle("uid-0", pod(), pod(uid=uid)), pod())
    expect.pods.replaced(lifecycle("uid-0", pod(), pod(uid="uid-0", phase="Failed")), pod())


def test_no_pod_left() -> None:
    assert expect.pods.none_left(lifecycle("uid-0"), []) == 2.5
    unmet(expect.pods.none_left, lifecycle("uid-0"), [pod(labels={})])


def test_other_sessions_are_left_alone() -> None:
    kept = OtherSession("s-2", "Running, with pod q Running 1/1", "")
    expect.sessions.others_left_alone([kept])
    taken_along = replace(kept, trouble="s-2 is Hibernated, with no pod")
    said = unmet(expect.sessions.others_left_alone, [kept, taken_along])
    assert "actual:   s-2 is Hibernated, with no pod" in said
    assert "likely:   the command reaches more sessions" in said
    with pytest.raises(Unproven, match="its node n got a taint"):
        expect.sessions.others_left_alone([replace(taken_along, excuse="its node n got a taint")])


def test_session_stays_in_kubernetes() -> None:
    expect.sessions.stays_listed(NAMED, session_object())
    assert "actual:   gone" in unmet(expect.sessions.stays_listed, NAMED, None)
    assert "being deleted" in unmet(expect.sessions.stays_listed, NAMED, session_object(deleting=True))


def test_each_of_several_users_has_a_session_of_their_own() -> None:
    def asked(user: str, session_id: str | None, *listed: str | None) -> Any:
        entries = tuple(Listed(str(session_id), session_id, "Running", owner, "t") for owner in listed)
        return SimpleNamespace(asked=SimpleNamespace(user=user), id=session_id, listed=entries)

    own: Any = SimpleNamespace(subject="3 sessions", creations=[asked("a", "s-1"), asked("b", "s-2"), asked("c", None)])
    expect.sessions.each_its_own(own)
    shared = SimpleNamespace(subject="3 sessions", creations=[asked("a", "s-1"), asked("b", "s-1")])
    assert "a and b were given s-1" in unmet(expect.sessions.each_its_own, shared)
    mixed: Any = SimpleNamespace(subject="2 sessions", creations=[asked("a", "s-1", "b"), asked("b", "s-2", "b")])
    assert "actual:   a was given s-1, which is b's by the list" in unmet(expect.sessions.each_its_own, mixed)
    silent: Any = SimpleNamespace(subject="2 sessions", creations=[asked("a", "s-1", None), asked("b", "s-2", "b")])
    expect.sessions.each_its_own(silent)


def test_both_say_the_same() -> None:
    expect.sessions.status_agreed("Hibernated", "Hibernated", session_object(phase="Hibernated"))
    expect.sessions.status_agreed("Hibernated", "Hibernated", None)
    unmet(expect.sessions.status_agreed, "Hibernated", "Hibernated", session_object(phase="Running"))
    unmet(expect.sessions.status_agreed, "Hibernated", "Running", session_object(phase="Hibernated"))
