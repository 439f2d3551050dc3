"""The moments of a session's start, as the watches tell them."""

from __future__ import annotations

import pytest

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, pod_starts
from tests.support.samples import Json, pod_json


def seen(init: Json | None) -> SessionMoments:
    """A session whose pod is placed at 1 s, initialized at 9 s and runs at 10 s."""
    found = SessionMoments(1, "perftest1", "s-1", "201", 0.0)
    for at, node, initialized, started in (
        (0.5, None, False, False),
        (1.0, "n", False, False),
        (9.0, "n", True, False),
    ):
        found.see_pod(part(init, node=node, initialized=initialized, started=started), at, deleted=False)
    found.see_pod(part(init, node="n", initialized=True, started=True), 10.0, deleted=False)
    return found


def part(init: Json | None, *, node: str | None, initialized: bool, started: bool) -> Pod:
    pod = pod_json(node=node, started=started, ready=started)
    pod["status"]["conditions"].append({"type": "Initialized", "status": f"{initialized}"})
    if init is not None:
        pod["spec"]["initContainers"] = [init]
    return Pod.of(pod)


@pytest.mark.parametrize(
    ("init", "seconds"),
    [({"name": "prepare"}, 1.5), (None, 9.5), ({"name": "proxy", "restartPolicy": "Always"}, 9.5)],
)
def test_time_of_init_containers_is_not_the_clusters(init: Json | None, seconds: float) -> None:
    found = seen(init)
    if init is not None and "restartPolicy" in init:
        found.started = 10.0  # the sidecar has no status here
    assert pod_starts([found]) == [pytest.approx(seconds)]


def test_session_whose_pod_ended_did_not_stay() -> None:
    found = running()
    found.see_pod(Pod.of(pod_json(uid="u-1", phase="Failed", ready=False)), 12.0, deleted=False)
    assert "ran and did not stay: pod" in found.never_ran
    found.see_pod(Pod.of(pod_json(uid="u-2")), 13.0, deleted=False)
    assert found.never_ran == ""


def test_session_that_no_list_has_any_more_did_not_stay() -> None:
    found = running()
    found.see_last_lists([None, "Running", None], "Failed")
    assert found.never_ran == ""
    found.see_last_lists([None] * 10, "Failed")
    assert found.never_ran.startswith("s-1 ran and did not stay: the API does not list it any more")


def running() -> SessionMoments:
    found = SessionMoments(1, "perftest1", "s-1", "201", 0.0)
    found.see_pod(Pod.of(pod_json(uid="u-1")), 10.0, deleted=False)
    found.see_status("Running", "Running", 11.0)
    return found
