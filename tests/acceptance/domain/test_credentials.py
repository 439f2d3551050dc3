"""The administrator's password: where it is looked for, and what is taken for one."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.deployment.credentials import Credentials, password_in, search
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.outcomes import Unmet, Unproven
from tests.support.fake_environment import PROFILE, FakeCluster, Json, deployment, settings


@pytest.mark.parametrize(
    ("line", "password"),
    [
        ("2026-01-01T00:00:00Z INFO Admin password: s3cr3t!x", "s3cr3t!x"),
        ("Admin password: correct horse battery", "correct horse battery"),
        ("\x1b[32mAdmin password: s3cr3t\x1b[0m", "s3cr3t"),
        ('{"level": "info", "message": "Admin password: a\\"b"}', 'a"b'),
        ("Admin password: \r", None),
        ("Admin password:", None),
        ("The Admin password was set", None),
        ("admin password: s3cr3t", None),
    ],
)
def test_the_password_is_all_that_follows_to_the_end_of_the_line(line: str, password: str | None) -> None:
    assert password_in(line, PROFILE.deployment.password_line) == password


@pytest.mark.parametrize(
    ("password", "doubtful"),
    [
        ("k7-Zq_", False),
        ("********", True),
        ("[hidden]", True),
        ("<redacted>", True),
        ("not shown here", True),
        ("a ", True),
    ],
)
def test_what_does_not_look_like_a_password(password: str, doubtful: bool) -> None:
    assert Credentials("admin", password, "the log").doubtful is doubtful


def api_pod(name: str, *, restarts: int = 0, containers: tuple[str, ...] = ("api",)) -> Json:
    statuses = [{"name": container, "restartCount": restarts} for container in containers]
    spec = {"containers": [{"name": container} for container in containers]}
    return {"metadata": {"name": name, "uid": name}, "spec": spec, "status": {"containerStatuses": statuses}}


def log_of(name: str) -> str:
    return f"__api__v1__namespaces__streamspace__pods__{name}__log"


def test_the_newest_line_of_all_the_apis_logs_counts() -> None:
    cluster: Any = FakeCluster(
        pods=[api_pod("one"), api_pod("two")],
        answers={
            log_of("one"): "2026-01-01T00:00:01Z Admin password: first-one\n" + "2026-01-01T00:00:02Z x\n" * 2000,
            log_of("two"): "2026-01-01T00:05:00Z Admin password: later-one\n",
        },
    )
    found = search(settings(), cluster, PROFILE)
    assert [(login.name, login.password) for login in found.found] == [("admin", "later-one"), ("admin", "first-one")]
    assert all("tailLines" not in query for _, query in cluster.asked)


def test_the_log_before_a_restart_is_read_as_well() -> None:
    cluster: Any = FakeCluster(
        pods=[api_pod("one", restarts=1)],
        answers={log_of("one"): "", log_of("one") + "?previous": "2026-01-01T00:00:01Z Admin password: before"},
    )
    assert search(settings(), cluster, PROFILE).found[0].password == "before"


def test_settings_come_first() -> None:
    given = settings(STREAMSPACE_ADMIN_USER="root", STREAMSPACE_ADMIN_PASSWORD="set-by-hand")
    cluster: Any = FakeCluster()
    found = search(given, cluster, PROFILE).found
    assert [(login.name, login.password) for login in found] == [("root", "set-by-hand")]
    assert cluster.asked == []


def test_a_secret_that_a_profile_names() -> None:
    named = replace(PROFILE, deployment=replace(PROFILE.deployment, secret="keys"))
    data = {
        name: base64.b64encode(text.encode()).decode() for name, text in (("username", "boss"), ("password", "p4ss"))
    }
    path = "__api__v1__namespaces__streamspace__secrets__keys"
    for body, expected in (({"data": data}, [("boss", "p4ss")]), ({"data": {"password": "%"}}, []), (404, [])):
        cluster: Any = FakeCluster(answers={path: body})
        assert [(login.name, login.password) for login in search(settings(), cluster, named).found] == expected


def test_logs_that_cannot_be_read_are_an_error_and_no_absence() -> None:
    cluster: Any = FakeCluster(pods=[api_pod("one")], answers={log_of("one"): 500})
    with pytest.raises(ClusterError):
        search(settings(), cluster, PROFILE)


@pytest.mark.parametrize(("opens", "found"), [(True, "two words"), (False, None)])
def test_what_reads_like_a_sentence_counts_only_if_it_opens(
    opens: bool, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = {log_of("one"): "2026-01-01T00:00:01Z Admin password: two words\n"}
    judged = deployment(FakeCluster(pods=[api_pod("one")], answers=log))
    monkeypatch.setattr(Deployment, "login_client", type("Client", (), {"accepts": staticmethod(lambda _: opens)}))
    assert (judged.credentials.password if judged.credentials else None) == found
    if not opens:
        with pytest.raises(Unmet) as caught:
            expect.deployment.credentials_found(judged.credentials, judged.search)
        assert "not a valid password" in caught.value.actual


STARTED = "2026-01-01T00:00:00Z"


def started(pod: Json, *, restarts: int = 0) -> Json:
    pod["status"]["containerStatuses"][0] |= {"state": {"running": {"startedAt": STARTED}}, "restartCount": restarts}
    return pod


@pytest.mark.parametrize(
    ("lines", "restarts", "lost"),
    [
        ("2026-01-01T00:00:01.5Z starting\n", 0, None),
        ("2026-01-01T00:09:00Z GET /\n", 0, "no longer begins at the start"),
        ("2026-01-01T00:00:04Z StreamSpace API v2, time scale 1\n", 0, None),
        ("2026-01-01T00:00:01Z starting\n", 1, "its first log is gone"),
        ("2026-01-01T00:00:01Z starting\n", 2, "first log is gone"),
    ],
)
def test_a_log_without_its_beginning_proves_nothing(lines: str, restarts: int, lost: str | None) -> None:
    cluster: Any = FakeCluster(pods=[started(api_pod("one"), restarts=restarts)], answers={log_of("one"): lines})
    found = search(settings(), cluster, PROFILE)
    with pytest.raises(Unmet if lost is None else Unproven, match=lost):
        expect.deployment.credentials_found(None, found)


def test_the_log_of_a_pod_that_replaced_the_first_proves_nothing() -> None:
    pod = started(api_pod("api-5d-x1"))
    pod["metadata"] |= {
        "uid": "uid-1",
        "creationTimestamp": "2026-01-02T00:00:00Z",
        "ownerReferences": [{"kind": "ReplicaSet", "name": "api-5d", "uid": "r-1"}],
    }
    cluster: Any = FakeCluster(pods=[pod], answers={log_of("api-5d-x1"): "2026-01-01T00:00:01Z starting\n"})
    cluster.deployments = {"api": {"metadata": {"creationTimestamp": STARTED}}}
    with pytest.raises(Unproven, match="started first is gone"):
        expect.deployment.credentials_found(None, search(settings(), cluster, PROFILE))


def test_credentials_that_are_nowhere() -> None:
    cluster: Any = FakeCluster(pods=[api_pod("one")])
    found = search(settings(), cluster, PROFILE)
    with pytest.raises(Unmet) as caught:
        expect.deployment.credentials_found(None, found)
    assert "the logs of the pods with app=streamspace-api" in caught.value.actual
    expect.deployment.credentials_found(Credentials("admin", "x", "the log"), found)
