"""Sessions are found by what there is, pods by their uid, volumes by what the kernel says."""

import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.sessions import home, starts
from streamspace_acceptance.domain.sessions.creation import Asked, Creation, conclude, send
from streamspace_acceptance.domain.sessions.session import Session, present
from streamspace_acceptance.measuring.startup_phases import Phases, means, phases, table
from streamspace_acceptance.measuring.statistics import Summary
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Stamped
from tests.support.samples import SESSION, Json, answer, claim, pod, pod_json
from tests.support.web_server import Respond, says, web_server

ASKED = Asked("testuser", "firefox-browser", "standard", frozenset({"old"}))


def ask(api: StreamSpaceApi, asked: Asked) -> Creation:
    return conclude(api, asked, send(api, asked, 10.0), api.sessions())


def entry(session_id: str, user: str = "testuser") -> Json:
    return {
        "sessionId": session_id,
        "name": session_id,
        "status": "Pending",
        "user": user,
        "template": "firefox-browser",
    }


def product(created: object, listed: list[Json], status: int = 201) -> Respond:
    def respond(request: BaseHTTPRequestHandler) -> None:
        posted = request.command == "POST"
        body, code = (created, status) if posted else ({"sessions": [entry("old"), *listed]}, 200)
        says(json.dumps(body).encode(), code)(request)

    return respond


@pytest.mark.parametrize(
    ("created", "listed", "found"),
    [
        ({"sessionId": "new"}, ["new"], "new"),
        ({"name": "new"}, ["new"], "new"),
        ({"sessionId": "false"}, ["new"], "new"),
        ({"sessionId": "old"}, ["new"], "new"),
        ({"sessionId": "old"}, [], None),
        ({"sessionId": "new"}, [], "new"),
        ({"sessionId": "false"}, ["new", "newer"], None),
        ({}, ["new"], "new"),
        ({}, [], None),
        ([], ["new"], "new"),
    ],
)
def test_the_session_that_came_of_asking(created: object, listed: list[str], found: str | None) -> None:
    with (
        web_server(product(created, [entry(session_id) for session_id in listed])) as url,
        HttpClient(url, "t") as client,
    ):
        creation = ask(StreamSpaceApi(client, load()), ASKED)
    assert creation.id == found
    assert [session.id for session in creation.listed] == [session_id for session_id in listed if session_id == found]


def test_a_session_of_somebody_else_is_never_taken_for_it() -> None:
    with web_server(product({}, [entry("new", user="somebody")])) as url, HttpClient(url, "t") as client:
        assert ask(StreamSpaceApi(client, load()), ASKED).id is None


def test_a_refusal_makes_no_session() -> None:
    with web_server(product({"sessionId": "new"}, [], 500)) as url, HttpClient(url, "t") as client:
        assert ask(StreamSpaceApi(client, load()), ASKED).id is None


def change(at: float, kind: str, obj: Json) -> Stamped[Change]:
    return Stamped(at, Change(kind, obj))


def test_the_pods_that_are_there_after_all_changes() -> None:
    changes = [
        change(1, "ADDED", pod_json(uid="a")),
        change(2, "ADDED", pod_json(uid="b", ready=False)),
        change(3, "MODIFIED", pod_json(uid="a", deleting=True)),
        change(4, "MODIFIED", pod_json(uid="b")),
        change(5, "DELETED", pod_json(uid="a")),
    ]
    assert [pod.meta.uid for pod in present(changes[:2])] == ["a", "b"]
    assert [pod.meta.uid for pod in present(changes[:3])] == ["b"]
    assert [(pod.meta.uid, pod.ready) for pod in present(changes)] == [("b", True)]


def test_a_pod_that_is_over_is_none_of_the_session() -> None:
    evicted = pod_json("a-first-by-name", "e", phase="Failed", ready=False)
    changes = [change(1, "ADDED", evicted), change(2, "ADDED", pod_json(uid="a"))]
    assert [pod.meta.uid for pod in present(changes)] == ["a"]
    assert present(changes[:1]) == []
    leaving = [change(1, "ADDED", pod_json(uid="a", deleting=True))]
    assert [pod.meta.uid for pod in present(leaving)] == ["a"]


def event(reason: str, uid: str = "uid-1") -> Json:
    return {"metadata": {"uid": reason}, "reason": reason, "involvedObject": {"uid": uid}}


POD_CHANGES = [
    change(10.2, "ADDED", pod_json(node=None, started=False, ready=False)),
    change(10.3, "MODIFIED", pod_json(started=False, ready=False)),
    change(14.0, "MODIFIED", pod_json(ready=False)),
    change(15.0, "MODIFIED", pod_json()),
]


def test_the_phases_of_a_start() -> None:
    events = [
        change(10.4, "ADDED", event("Pulling")),
        change(10.5, "ADDED", event("Pulled", uid="another")),
        change(13.4, "ADDED", event("Pulled")),
    ]
    seconds = phases(POD_CHANGES, events, sent=10.0, running=15.5, vnc=15.6).seconds
    assert seconds == pytest.approx(
        {
            "image pull": 3.0,
            "pod scheduling": 0.1,
            "container start": 0.6,
            "VNC server start": 1.6,
            "end to end": 5.6,
        }
    )


@pytest.mark.parametrize(
    ("running", "vnc", "end"), [(15.5, 18.0, 8.0), (14.5, 14.8, 5.0), (19.0, 15.6, 9.0), (15.5, None, None)]
)
def test_a_start_ends_when_its_user_can_be_at_work(running: float, vnc: float | None, end: float | None) -> None:
    """The pod is Ready at 15.0: neither a word that comes too early counts nor a server that comes too late."""
    found = phases(POD_CHANGES, [], sent=10.0, running=running, vnc=vnc).seconds["end to end"]
    assert found == (None if end is None else pytest.approx(end))
    assert phases(POD_CHANGES[:3], [], sent=10.0, running=running, vnc=15.6).seconds["end to end"] is None


def test_phases_without_pull_and_without_handshake_are_empty() -> None:
    seconds = phases(POD_CHANGES, [change(10.4, "ADDED", event("Pulled"))], sent=10.0, running=15.5, vnc=None).seconds
    assert (seconds["image pull"], seconds["VNC server start"]) == (None, None)
    assert seconds["container start"] == pytest.approx(3.7)


def test_the_table_of_starts() -> None:
    found = phases(POD_CHANGES, [], sent=10.0, running=15.5, vnc=15.6)
    lines = table([found, found], (3, 4.5), 6).splitlines()
    assert lines[0].split() == ["phase", "(s)", "1", "2", "min", "median", "mean", "max"]
    assert lines[1].split() == ["image", "pull", "-", "-", "-", "-", "-", "-"]
    assert lines[5].split() == ["end", "to", "end", *["5.60"] * 6]
    assert "below 6 s, target 3-4.5 s" in lines[-1]


def test_a_table_of_no_start_at_all() -> None:
    assert "end to end" in table([], (3, 4.5), 6)


def test_a_summary() -> None:
    assert Summary.of([1, 2, 6]) == Summary(3, 1, 2, 3, 6)
    with pytest.raises(ValueError, match="no figures"):
        Summary.of([])


MOUNTINFO = """\
610 570 0:61 / / rw,relatime - overlay overlay rw,lowerdir=/x
633 610 8:1 /volumes/a /home/user rw,relatime master:1 - ext4 /dev/sda1 rw
640 610 8:1 /volumes/b /home/user2 rw,relatime - ext4 /dev/sda1 rw
651 610 0:70 / /home/user/.cache ro,nosuid - tmpfs tmpfs rw
"""


def test_only_a_mount_at_exactly_the_home_counts() -> None:
    (found,) = home.mount_points_at(MOUNTINFO, "/home/user")
    assert (found.kind, found.options) == ("ext4", frozenset({"rw", "relatime"}))
    assert home.mount_points_at(MOUNTINFO, "/home") == ()


MOUNTED_ABOVE = """\
610 570 0:61 / / rw,relatime - overlay overlay rw,lowerdir=/x
633 610 8:1 /volumes/a /home rw,relatime master:1 - ext4 /dev/sda1 rw
"""
MOUNTED_BEHIND_A_LINK = MOUNTED_ABOVE.replace("/home rw", "/var/home/user rw")
COVERED = f"{MOUNTED_ABOVE}651 633 0:70 / /home/user rw - tmpfs tmpfs rw\n"


@pytest.mark.parametrize(
    ("mounted_at", "links", "mountinfo", "trouble"),
    [
        ("/home", "/home/user\n/home\n", MOUNTED_ABOVE, None),
        ("/home/", "/home/user\n/home\n", MOUNTED_ABOVE, None),
        ("/home/user", "/var/home/user\n/var/home/user\n", MOUNTED_BEHIND_A_LINK, None),
        ("/home/user", "\n\n", MOUNTINFO, None),  # no readlink
        ("/home", "/home/user\n/home\n", COVERED, "a tmpfs is mounted over it"),
        ("/home/user", "/home/user\n/home/user\n", MOUNTED_ABOVE, "nothing is mounted"),
        ("/home/other", "/home/user\n/home/user\n", MOUNTED_ABOVE, "0 volumes"),
        ("/", "/home/user\n/home/user\n", MOUNTED_ABOVE, "0 volumes"),
    ],
)
def test_home_may_be_in_a_folder_of_its_volume(
    mounted_at: str, links: str, mountinfo: str, trouble: str | None
) -> None:
    raw = pod_json(mount=mounted_at)
    cluster: Any = SimpleNamespace(
        main_container=lambda pod: SimpleNamespace(name=pod["spec"]["containers"][0]["name"]),
        claims=lambda: [claim()],
        pods=list,
        session_object=lambda _: None,
        execute=lambda _, command: ExecResult("" if home.HOMES in command else f"{links}{mountinfo}", "", 0),
    )
    session = cast("Session", SimpleNamespace(id=SESSION, api=SimpleNamespace(profile=load()), cluster=cluster))
    found = home.volume(session, Pod.of(raw))
    if trouble is None:
        expect.homes.on_own_volume(found)
    else:
        with pytest.raises(Unmet, match=trouble):
            expect.homes.on_own_volume(found)


@pytest.mark.parametrize(("phase", "shared_with"), [("Running", ("backup",)), ("Succeeded", ())])
def test_pod_that_is_over_shares_no_claim(phase: str, shared_with: tuple[str, ...]) -> None:
    """The pod of a backup, which has come to its end, keeps the volume in its specification."""
    own, backup = Pod.of(pod_json()), Pod.of(pod_json("backup", "uid-2", phase=phase, labels={}))
    cluster: Any = SimpleNamespace(
        main_container=lambda raw: SimpleNamespace(name=raw["spec"]["containers"][0]["name"]),
        claims=lambda: [claim()],
        pods=lambda: [own, backup],
        session_object=lambda _: None,
        execute=lambda _, command: ExecResult(
            "" if home.HOMES in command else f"/home/user\n/home/user\n{MOUNTINFO}", "", 0
        ),
    )
    session = cast("Session", SimpleNamespace(id=SESSION, api=SimpleNamespace(profile=load()), cluster=cluster))
    assert home.volume(session, own).shared_with == shared_with


SOCKETS = """\
  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:170C 00000000:0000 0A 00000000:00000000
   1: 0100007F:170C 0100007F:9C40 01 00000000:00000000
   2: 0100007F:9C40 0100007F:170C 01 00000000:00000000
   3: 00000000:170D 00000000:0000 0A 00000000:00000000
"""


def test_a_port_that_is_listened_on() -> None:
    assert starts.listens(SOCKETS, 5900)
    assert starts.listens(SOCKETS, 5901)
    assert not starts.listens(SOCKETS, 5902)
    assert not starts.listens(SOCKETS, 0x9C40)
    assert starts.serves(SOCKETS, 5900)
    assert not starts.serves(SOCKETS, 5901)


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ([], 5900),
        ([{"name": "vnc", "containerPort": 5901}], 5901),
        ([{"name": "metrics", "containerPort": 9090}], 5900),
        ([{"name": "vnc-http", "containerPort": 6080}, {"containerPort": 5900}], 5900),
    ],
)
def test_vnc_port_is_the_one_that_a_container_declares(ports: list[Json], port: int) -> None:
    assert starts.vnc_port({"name": "desktop", "ports": ports}, 5900) == port


def test_vnc_port_is_not_that_of_an_unused_bridge() -> None:
    bridge = {"name": "desktop", "ports": [{"name": "novnc", "containerPort": 6080}]}
    assert starts.vnc_port(bridge, 5900, SOCKETS) == 5900
    assert starts.vnc_port(bridge, 5901, SOCKETS) == 6080  # nobody is connected to the other one
    used = {"name": "desktop", "ports": [{"name": "vnc", "containerPort": 5900}]}
    assert starts.vnc_port(used, 6080, SOCKETS) == 5900


@pytest.mark.parametrize(
    ("labels", "owners", "own"),
    [
        ({"session": SESSION}, None, True),
        ({"session": "another"}, [{"uid": "s-1", "name": SESSION}], False),
        ({}, [{"uid": "s-1", "name": "x"}], True),
        ({}, [{"uid": "s-2", "name": "x"}], False),
        ({}, [{"uid": "set-1", "name": f"ss-{SESSION}"}], True),
        ({}, [{"uid": "set-1", "name": f"{SESSION}0"}], False),
        ({}, None, True),
    ],
)
def test_whose_claim_it_is(labels: dict[str, str], owners: list[Json] | None, own: bool) -> None:
    assert claim(labels=labels, owners=owners).belongs_to(SESSION, "s-1", "session") is own
    assert not claim(labels={}).belongs_to("another", "s-1", "session")


@pytest.mark.parametrize(
    ("name", "own"),
    [(f"home-{SESSION}-0", True), (SESSION, True), (f"{SESSION}.home", True), (f"{SESSION}a", False), ("home", False)],
)
def test_claim_that_only_its_name_tells_of(name: str, own: bool) -> None:
    """A StatefulSet names its claims after the volume, itself and the number of the pod."""
    found = claim(labels={})
    found = replace(found, meta=replace(found.meta, name=name))
    assert found.belongs_to(SESSION, "s-1", "session") is own


def test_phase_table_shows_the_measured_parts() -> None:
    parts = {"pod scheduling": 1.0, "container start": None, "VNC server start": None, "end to end": 9.0}
    starts_ = [Phases({"image pull": None, **parts}), Phases({"image pull": 4.0, **parts, "pod scheduling": 2.0})]
    assert list(map(str, means(starts_))) == ["image pull (mean) 4 s", "pod scheduling (mean) 1.5 s"]
    assert means([]) == []


def _running_session() -> Any:
    return SimpleNamespace(
        changes=SimpleNamespace(items=list),
        exists=lambda: True,
        api=SimpleNamespace(profile=load()),
        budgets=Budgets(0.1),
        pods=lambda: [pod()],
        wait_for_status=lambda *_, **__: None,
        wait_for_phase=lambda *_, **__: None,
        wait_for_ready_pod=lambda **_: pod(),
        vnc=SimpleNamespace(handshake_within=lambda _: "silence"),
    )


@pytest.mark.parametrize(
    ("claimed", "status", "is_red"),
    [
        (["s", "s"], 201, False),
        (["s", None], 201, True),
        (["s", "another"], 201, True),
        (["s", "s"], 200, True),
        ([None, None], 201, False),  # the matter of 1.1a-2
    ],
)
def test_later_answers_must_be_like_the_first(claimed: list[str | None], status: int, is_red: bool) -> None:
    asked: list[Creation] = []

    def request() -> Creation:
        number = len(asked)
        asked.append(Creation(ASKED, answer({}, status if number else 201), claimed[number], "s", ()))
        return asked[-1]

    made = starts.series(2, request, lambda _: _running_session(), cast("Any", SimpleNamespace(items=list)))
    assert made.complete is not is_red
    if is_red:
        assert "as to the first request" in str(made.made[-1].trouble)


@pytest.mark.parametrize(("refused", "trouble"), [(1, Unproven), (2, Unmet)])
def test_creation_that_is_refused_after_others_fails(refused: int, trouble: type[Exception]) -> None:
    """The first one is the matter of 1.1a-1."""
    asked: list[Creation] = []

    def request() -> Creation:
        body, status = ({}, 201) if len(asked) + 1 < refused else ({"error": "x", "message": "No."}, 500)
        asked.append(Creation(ASKED, answer(body, status), None, "s" if status == 201 else None, ()))
        return asked[-1]

    made = starts.series(3, request, lambda _: _running_session(), cast("Any", SimpleNamespace(items=list)))
    assert (len(made.made), type(made.made[-1].trouble)) == (refused, trouble)
