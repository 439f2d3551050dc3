"""Wrong targets are refused in one sentence, and not one call that changes anything is made to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance import journal, lock_files
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target.guard import check_alone, check_context
from streamspace_acceptance.target.run_start import guard_and_sweep
from streamspace_acceptance.target.target import Target
from tests.support.web_server import says, web_server

pytestmark = pytest.mark.slow

Json = dict[str, object]
UID = "uid-of-the-namespace"


@dataclass
class _World:
    """What the API and Kubernetes tell, and every call that would have changed something."""

    agents: list[str] = field(default_factory=lambda: ["agent-1"])
    pods: list[str] = field(default_factory=lambda: ["agent-1"])
    sessions: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    broken: str = ""
    status: str = "online"
    changes: list[str] = field(default_factory=list)

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        if request.command != "GET":
            self.changes.append(f"{request.command} {path}")
        if self.broken and path.endswith(self.broken):
            says(b'{"message": "broken"}', 500)(request)
            return
        says(json.dumps(self._answer(path)).encode())(request)

    def _answer(self, path: str) -> Json:
        answers: Mapping[str, Json] = {
            "/api/v1/agents": {"agents": [{"agentId": agent, "status": self.status} for agent in self.agents]},
            "/api/v1/sessions": {
                "sessions": [{"sessionId": session, "status": "Running"} for session in self.sessions]
            },
            "/api/v1/namespaces/streamspace": {"metadata": {"name": "streamspace", "uid": UID}},
            "/api/v1/namespaces/streamspace/pods": {"items": [_pod(name) for name in self.pods]},
        }
        return answers.get(path, {"items": [{"metadata": _meta(name)} for name in self.objects]})


def _meta(name: str) -> Json:
    return {"name": name, "uid": f"uid-of-{name}"}


def _pod(name: str) -> Json:
    labels = {"labels": {"session": name}} if name == "theirs" else {}
    return {"metadata": _meta(name) | labels, "spec": {"containers": [{"name": "c"}]}}


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    return tmp_path / "config"


def write(kubeconfig: Path, context: str, server: str) -> None:
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": context,
                "contexts": [{"name": context, "context": {"cluster": "k", "user": "u"}}],
                "clusters": [{"name": "k", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )


def begin(world: _World, kubeconfig: Path, context: str = "kind-test", *, sandbox: bool = False, **typed: str) -> None:
    """A run against what `world` tells, as far as its guard lets it."""
    with web_server(world.respond) as url, HttpClient(url, "t") as http:
        write(kubeconfig, context, url)
        settings = Settings.from_environment({"STREAMSPACE_API_URL": url, "KUBECONFIG": str(kubeconfig), **typed})
        target = Target(
            url, "t", "streamspace", (kubeconfig,), None, 0.003, "v", "v", embedded=False, is_embedded=sandbox
        )
        with guard_and_sweep(settings, target, StreamSpaceApi(http, load()), Cluster([kubeconfig], "streamspace")):
            pass


@pytest.mark.parametrize(
    ("context", "server"),
    [
        ("production", "https://10.0.0.1:6443"),
        ("production", "https://127.0.0.1:6443"),
        ("kind-test", "https://prod.invalid:6443"),
        ("k3d-test", "https://203.0.113.7:6443"),
        ("docker-desktop", "https://192.168.1.5:6443"),
        ("minikube", "https://10.1.2.3:8443"),
        ("default", "https://k3s.invalid:6443"),
        ("my-kind-test", "https://127.0.0.1:6443"),
        ("kind-", "https://127.0.0.1:6443"),
        ("streamspace-sandbox", "https://198.51.100.4:6443"),
        ("kind-test", "https://127.0.0.1.prod.invalid:6443"),
    ],
)
def test_a_context_that_is_not_local(kubeconfig: Path, context: str, server: str) -> None:
    write(kubeconfig, context, server)
    with pytest.raises(SetupProblem, match=f"STREAMSPACE_ALLOW_CONTEXT={context} if it may"):
        check_context(Settings.from_environment({}), Cluster([kubeconfig], "streamspace"))
    with pytest.raises(SetupProblem):
        check_context(
            Settings.from_environment({"STREAMSPACE_ALLOW_CONTEXT": context[:-1]}), Cluster([kubeconfig], "streamspace")
        )
    check_context(
        Settings.from_environment({"STREAMSPACE_ALLOW_CONTEXT": context}), Cluster([kubeconfig], "streamspace")
    )


@pytest.mark.parametrize(
    ("context", "server"),
    [
        ("docker-desktop", "https://kubernetes.docker.internal:6443"),
        ("kind-test", "https://127.0.0.1:34567"),
        ("k3d-test", "https://[::1]:6443"),
        ("minikube", "https://192.168.49.2:8443"),
        ("default", "https://127.0.0.1:6443"),
    ],
)
def test_a_local_context(kubeconfig: Path, context: str, server: str) -> None:
    write(kubeconfig, context, server)
    check_context(Settings.from_environment({}), Cluster([kubeconfig], "streamspace"))


WRONG = [
    ("a context that nobody allowed", _World(), "production", {}, "is not a local cluster"),
    ("another one allowed", _World(), "production", {"STREAMSPACE_ALLOW_CONTEXT": "prod"}, "is not a local cluster"),
    ("an API of another cluster", _World(pods=["agent-2"]), "kind-test", {}, "different clusters"),
    ("an agent of a longer name", _World(["prodagent-1"]), "kind-test", {}, "different clusters"),
    ("one with an empty namespace", _World(pods=[]), "kind-test", {}, "different clusters"),
    ("one with other sessions", _World([], [], ["a"], ["b"]), "kind-test", {}, "different clusters"),
    (
        "one that cannot be overridden",
        _World(pods=[]),
        "kind-test",
        {"STREAMSPACE_SHARED_NAMESPACE": "streamspace"},
        "dif",
    ),
    ("nothing to compare", _World([], []), "kind-test", {}, "Nothing shows"),
    (
        "agents by ids that were generated",
        _World(["0d9e4f7a-1b2c-4d5e-8f90-a1b2c3d4e5f6"]),
        "kind-test",
        {},
        "generated ids",
    ),
    (
        "Kubernetes alone where the list is wrong",
        _World([], ["theirs"], objects=["theirs"], broken="/v1/sessions"),
        "kind-test",
        {},
        "Nothing shows",
    ),
    ("only lost agents", _World(pods=[], status="offline"), "kind-test", {}, "Nothing shows"),
    ("somebody's session", _World(sessions=["a"], objects=["a"]), "kind-test", {}, "Sessions of others are"),
    ("one in the API only", _World(sessions=["a"]), "kind-test", {}, "Sessions of others are"),
    ("one in Kubernetes only", _World(objects=["a"]), "kind-test", {}, "Sessions of others are"),
    (
        "another namespace typed",
        _World(sessions=["a"]),
        "kind-test",
        {"STREAMSPACE_SHARED_NAMESPACE": "other"},
        "Sessions of others",
    ),
    (
        "a yes typed",
        _World(sessions=["a"]),
        "kind-test",
        {"STREAMSPACE_SHARED_NAMESPACE": "yes"},
        "Sessions of others are",
    ),
    ("pods that are not told", _World(broken="/pods"), "kind-test", {}, "nothing was changed"),
    (
        "sessions that Kubernetes alone tells",
        _World(broken="/v1/sessions", objects=["a"]),
        "kind-test",
        {},
        "Sessions of others are",
    ),
    (
        "sessions of which pods alone tell",
        _World(broken="/v1/sessions", pods=["agent-1", "theirs"]),
        "kind-test",
        {},
        "Sessions of others are",
    ),
]


@pytest.mark.parametrize(
    ("world", "context", "typed", "says_"), [case[1:] for case in WRONG], ids=[e[0] for e in WRONG]
)
def test_a_wrong_target(kubeconfig: Path, world: _World, context: str, typed: dict[str, Any], says_: str) -> None:
    leave_journal()
    with pytest.raises(SetupProblem, match=says_) as caught:
        begin(world, kubeconfig, context, **typed)
    assert "\n" not in caught.value.sentence
    assert world.changes == []


def test_a_session_that_no_sweep_could_remove_is_nobodys(kubeconfig: Path) -> None:
    world = _World(sessions=["a"], objects=["a"])
    with web_server(world.respond) as url, HttpClient(url, "t") as http:
        write(kubeconfig, "kind-test", url)
        here = Settings.from_environment({}), Cluster([kubeconfig], "streamspace"), StreamSpaceApi(http, load())
        check_alone(*here, ours={"a"})
        with pytest.raises(SetupProblem, match="Sessions of others are"):
            check_alone(*here, ours={"b"})


def leave_journal() -> None:
    """As a killed run does, about another namespace: what it made is not to be looked for here."""
    with journal.keep({"namespace_uid": "of another"}):
        journal.record_intent("session", user="testuser", template="firefox-browser", before=[])


@pytest.mark.parametrize(
    ("world", "typed"),
    [
        (_World(), {}),
        (_World(["prod-agent-1"]), {}),
        (_World(sessions=["a"], objects=["a"]), {"STREAMSPACE_SHARED_NAMESPACE": "streamspace"}),
        (_World([], []), {"STREAMSPACE_SHARED_NAMESPACE": "streamspace"}),
        (_World(broken="/v1/sessions"), {}),
    ],
)
def test_a_target_that_is_allowed(kubeconfig: Path, world: _World, typed: dict[str, Any]) -> None:
    begin(world, kubeconfig, **typed)
    assert world.changes == []


def test_guard_ignores_sessions_of_a_running_run(kubeconfig: Path) -> None:
    other = lock_files.LockedFile(journal.KIND, {"target": {"namespace_uid": UID}})
    with pytest.raises(SetupProblem, match="Another run uses namespace streamspace"):
        begin(_World(sessions=["a"]), kubeconfig)
    begin(_World(sessions=["a"]), kubeconfig, STREAMSPACE_SHARED_NAMESPACE="streamspace")
    other.close()
    with pytest.raises(SetupProblem, match="Sessions of others are"):
        begin(_World(sessions=["a"]), kubeconfig)


def test_a_sandbox_of_ones_own_says_what_to_type(kubeconfig: Path) -> None:
    world = _World(sessions=["mine"])
    with pytest.raises(SetupProblem) as caught:
        begin(world, kubeconfig, "streamspace-sandbox", sandbox=True)
    assert caught.value.sentence == (
        "Your sandbox has sessions that no run has made (1 session: mine), and a run cuts off the agents that serve "
        "them: type `export STREAMSPACE_SHARED_NAMESPACE=streamspace` to run beside them, or end them, "
        "or `unset STREAMSPACE_API_URL` to run against a sandbox of the run's own."
    )
    begin(world, kubeconfig, "streamspace-sandbox", sandbox=True, STREAMSPACE_SHARED_NAMESPACE="streamspace")
    assert world.changes == []
