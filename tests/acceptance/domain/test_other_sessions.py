"""What is done to one session leaves others alone; and its desktop's programs have the home that it is about."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions import home, other_sessions, way_in
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Recording
from tests.support.main_containers import CalmCluster
from tests.support.samples import Json, pod, pod_json


def beside(status: str, pods: Sequence[Pod], gone: Sequence[Json]) -> Scenario:
    """A scenario with another session than its own, in that state."""
    own: Any = SimpleNamespace()
    other: Any = SimpleNamespace(
        id="s-2",
        api=SimpleNamespace(profile=load(), status=lambda _: status),
        cluster=CalmCluster(),
        pods=lambda: list(pods),
        changes=Recording[Change](),
    )
    for raw in gone:
        other.changes.append(Change("DELETED", raw))
    registry = SimpleNamespace(sessions=[own, other])
    return cast("Scenario", SimpleNamespace(session=own, registry=registry, results=Results()))


def of_a_job() -> Json:
    raw = pod_json(name="backup", uid="uid-9")
    raw["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "backup", "uid": "j"}]
    return raw


@pytest.mark.parametrize(
    ("status", "pods", "gone", "trouble"),
    [
        ("Running", [pod()], [], ""),
        ("Running", [pod(ready=False)], [], ""),  # as on a busy node
        ("Running", [pod()], [of_a_job()], ""),
        ("Running", [pod()], [pod_json(uid="uid-0", phase="Failed")], ""),  # evicted before
        ("Hibernated", [], [pod_json()], "s-2 is Hibernated, with no pod"),
        ("Hibernating", [pod(deleting=True)], [], "s-2 is Hibernating, with pod"),
        ("Running", [pod(uid="uid-2")], [pod_json()], "after another one"),
        ("Running", [pod(uid="uid-2")], [pod_json(phase="Succeeded", deleting=True)], "after another one"),
    ],
)
def test_another_session_runs_on_on_its_pod(
    status: str, pods: Sequence[Pod], gone: Sequence[Json], trouble: str
) -> None:
    (found,) = other_sessions.look(beside(status, pods, gone))
    assert bool(found.trouble) is bool(trouble)
    assert trouble in found.trouble


def test_what_was_so_before_a_command_is_not_its_doing() -> None:
    hibernated = beside("Hibernated", [], [pod_json()])
    other_sessions.look_before(hibernated)
    (found,) = other_sessions.look(hibernated)
    assert (found.state, found.trouble) == ("Hibernated, with no pod", "")
    running = beside("Running", [pod()], [])
    other_sessions.look_before(running)
    hibernated.results.put(running.results[other_sessions.Before])
    (found,) = other_sessions.look(hibernated)
    assert found.trouble


@pytest.mark.parametrize(
    ("raised", "trouble"),
    [
        (Unmet("session s", expected="an address", actual="409 Conflict", likely="x"), "409 Conflict"),
        (Unproven("the API gave no VNC address"), "the API gave no VNC address"),
    ],
)
def test_way_to_a_page_that_is_closed_says_why(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, trouble: str
) -> None:
    def refuse(_: object) -> None:
        raise raised

    monkeypatch.setattr(SessionDesktop, "connect", refuse)
    assert way_in.trouble(cast("Session", SimpleNamespace(id="s"))) == trouble


@pytest.mark.parametrize(
    ("status", "is_page", "trouble"), [(200, True, None), (404, True, "its page: 404"), (200, False, "its page: 200")]
)
def test_way_to_a_page_ends_at_a_page(
    monkeypatch: pytest.MonkeyPatch, status: int, is_page: bool, trouble: str | None
) -> None:
    for name in ("connect", "check_connected"):
        monkeypatch.setattr(SessionDesktop, name, lambda _: None)
    page = SimpleNamespace(status=HTTPStatus(status), gist=f"{status}")
    monkeypatch.setattr(SessionDesktop, "fetch_page", lambda _: page)
    monkeypatch.setattr(way_in, "is_html", lambda _: is_page)
    assert way_in.trouble(cast("Session", SimpleNamespace(id="s"))) == trouble


PROGRAM = "HOME={home}\0DISPLAY=:0\0"


@pytest.mark.parametrize(
    ("programs", "elsewhere"),
    [
        ([PROGRAM], ()),
        (["HOME=/root\0DISPLAY=:0\0", PROGRAM], ()),  # a supervisor has another home than the desktop
        (["HOME=/root\0"], ()),  # none of the desktop
        (["HOME=/root\0DISPLAY=:0\0STREAMSPACE_LOOK=1\0"], ()),  # the look itself
        (["DISPLAY=:0\0"], ()),
        (["HOME=/var\0DISPLAY=:0\0"], ("/var",)),
        (["HOME=/var\0DISPLAY=:0\0", None], ()),  # a program that may not be looked at
    ],
)
def test_homes_of_the_desktops_programs(tmp_path: Path, programs: list[str | None], elsewhere: tuple[str, ...]) -> None:
    own = tmp_path / "user"
    own.mkdir()
    for number, environment in enumerate(programs):
        folder = tmp_path / "proc" / f"{number + 1}"
        folder.mkdir(parents=True)
        if environment is None:
            (folder / "environ").mkdir()  # reading it fails
        else:
            (folder / "environ").write_text(environment.format(home=own))

    def execute(_: object, command: list[str]) -> ExecResult:
        script = command[-1].replace("/proc/", f"{tmp_path}/proc/")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        return ExecResult(done.stdout, done.stderr, done.returncode)

    session = cast("Session", SimpleNamespace(cluster=SimpleNamespace(execute=execute)))
    assert home.homes_elsewhere(session, pod(), str(own)) == elsewhere
