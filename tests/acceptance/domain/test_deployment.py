"""Test 0 with stand-ins: exactly what is wrong with the environment turns red, and each expectation is seen to fail."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect, waiting
from streamspace_acceptance.commands.doctor.checks import CheckStatus, examine
from streamspace_acceptance.domain.deployment import checkout, readiness, tools
from streamspace_acceptance.domain.deployment import deployment as deployment_module
from streamspace_acceptance.domain.deployment.commands import call
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.health import Health
from streamspace_acceptance.domain.deployment.images import Image
from streamspace_acceptance.domain.deployment.readiness import Component
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven
from streamspace_acceptance.product.agents import Agent, AgentList
from streamspace_acceptance.waiting import Budget
from tests.support.fake_environment import PROFILE, FakeCluster, Json, deployment, node, running
from tests.support.samples import pod, pod_json
from tests.support.stand_in_tools import CASES, put

OF_TOOLS = {"0-1", "0-2", "0-3", "0-4", "0-5"}


def words(found: Deployment) -> dict[str, CheckStatus]:
    return {check.criterion: check.status for check in examine(found)}


@pytest.mark.parametrize("case", CASES)
def test_exactly_what_is_wrong_turns_red(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, red = CASES[case]
    monkeypatch.setenv("PATH", str(put(tmp_path / "bin", changes)))
    began = waiting.now()
    said = words(deployment())
    assert {criterion for criterion in OF_TOOLS if said[criterion] is CheckStatus.FAILED} == red
    assert {said[criterion] for criterion in OF_TOOLS - red} == {CheckStatus.OK}
    assert waiting.now() - began < 10


@pytest.mark.parametrize(
    ("runtime", "repo", "applies"),
    [("containerd://1", None, False), ("docker://27", None, True), ("containerd://1", "/", True), ("", None, True)],
)
def test_missing_tools_apply_where_something_needs_them(
    runtime: str, repo: str | None, applies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nodes = [{"metadata": {"name": "n"}, "status": {"nodeInfo": {"containerRuntimeVersion": runtime}}}]
    variables: dict[str, Any] = {} if repo is None else {"STREAMSPACE_REPO": repo}
    examined = deployment(FakeCluster(nodes=nodes), **variables)
    for criterion in ("0-3", "0-4"):
        with pytest.raises(Unmet if applies else NotApplicable):
            expect.environment.meets(criterion, examined)


@pytest.mark.parametrize(
    ("context", "repo", "applies"), [("in-cluster", None, False), ("in-cluster", "/", True), ("kind", None, True)]
)
def test_missing_kubectl_applies_but_in_a_pod(
    context: str, repo: str | None, applies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(FakeCluster, "context", lambda _: (context, "https://10.0.0.1"))
    variables: dict[str, Any] = {} if repo is None else {"STREAMSPACE_REPO": repo}
    with pytest.raises(Unmet if applies else NotApplicable):
        expect.environment.meets("0-2", deployment(FakeCluster(), **variables))


def test_missing_tools_of_a_user_who_does_not_see_nodes_are_unproven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    examined = deployment(FakeCluster(nodes=403))
    for criterion in ("0-3", "0-4"):
        with pytest.raises(Unproven, match="the suite may not list nodes"):
            expect.environment.meets(criterion, examined)


def test_helm_4_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(put(tmp_path, {"helm": "echo v4.0.1"})))
    with pytest.raises(Unmet) as caught:
        expect.deployment.helm_allowed(deployment().helm)
    assert "never 4.0.x" in caught.value.expected
    assert caught.value.actual == "v4.0.1"
    assert "3.18.0" in caught.value.likely


def test_no_tool_is_asked_for_by_the_embedded_streamspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = words(deployment(FakeCluster(), embedded=True))
    assert {criterion for criterion, word in said.items() if word is CheckStatus.NOT_APPLICABLE} == {
        "0-2",
        "0-3",
        "0-4",
        "0-5",
    }
    assert said["0-1"] is CheckStatus.OK
    with pytest.raises(NotApplicable):
        deployment(embedded=True).require_images()
    deployment(embedded=False).require_images()


def test_a_tool_gets_none_of_the_suites_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(put(tmp_path, {"helm": 'echo "x${STREAMSPACE_TEST_TOKEN}x"'})))
    monkeypatch.setenv("STREAMSPACE_TEST_TOKEN", "held")
    assert call("helm", seconds=5).output == "xx\n"


# The cluster


@pytest.mark.parametrize(
    "answers",
    [{"__readyz": 500}, {"__readyz": "not ok"}, {"__version": "<html>"}, {"__version": {}}, {"__version": 500}],
)
def test_a_cluster_that_does_not_answer(answers: Json) -> None:
    with pytest.raises(Unmet):
        expect.deployment.cluster_answers(deployment(FakeCluster(answers=answers)).standing, None)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_cluster_that_keeps_its_readiness_to_itself(status: int) -> None:
    expect.deployment.cluster_answers(deployment(FakeCluster(answers={"__readyz": status})).standing, None)


@pytest.mark.parametrize(
    "found", [404, {"metadata": {"deletionTimestamp": "x"}}, {"metadata": {}, "status": {"phase": "Terminating"}}]
)
def test_a_namespace_that_is_not_there_to_stay(found: Json | int) -> None:
    cluster = FakeCluster(answers={"__api__v1__namespaces__streamspace": found})
    with pytest.raises(Unmet):
        expect.deployment.namespace_there(deployment(cluster).namespace)
    expect.deployment.namespace_there(deployment().namespace)


@pytest.mark.parametrize(
    "pods", [(), (pod(ready=False),), (pod(), pod(ready=False)), (pod(phase="Pending", ready=False),)]
)
def test_a_component_that_is_not_ready(pods: tuple[Any, ...]) -> None:
    with pytest.raises(Unmet) as caught:
        expect.deployment.components_ready(
            [Component("API", "a", (pod(),)), Component("Redis", "streamspace-redis", pods)]
        )
    assert caught.value.actual.startswith("Redis: ")
    expect.deployment.components_ready([Component("API", "a", (pod(), pod()))])


def test_no_component_at_all() -> None:
    with pytest.raises(Unmet):
        expect.deployment.components_ready([])


def test_an_api_that_is_not_well() -> None:
    expect.deployment.healthy(Health(True, "200 ok"))
    with pytest.raises(Unmet):
        expect.deployment.healthy(Health(False, '200 {"status": "degraded"}'))


@pytest.mark.parametrize("status", ["offline", "Online", "registered"])
def test_no_agent_online(status: str) -> None:
    with pytest.raises(Unmet):
        expect.agents.online(AgentList((Agent("a", status, None),), frozenset(), PROFILE.statuses))
    expect.agents.online(AgentList((Agent("a", "online", None),), frozenset(), PROFILE.statuses))


def agents_after(monkeypatch: pytest.MonkeyPatch, *statuses: str) -> AgentList:
    """The list in which an agent is online, of an API whose agent has these statuses in turn; the last one stays."""
    left = list(statuses)

    class Agents:
        def __init__(self, _api: Any) -> None:
            pass

        def all(self) -> AgentList:
            status = left.pop(0) if len(left) > 1 else left[0]
            return AgentList((Agent("a", status, None),), frozenset(), PROFILE.statuses)

    monkeypatch.setattr(deployment_module, "AgentApi", Agents)
    monkeypatch.setattr(readiness, "STEADY_SECONDS", 0.01)
    found = deployment()
    monkeypatch.setattr(found, "_find_api", lambda: SimpleNamespace(http=SimpleNamespace(token="t")))
    return found.wait_for_agent()


def test_agent_that_stays_online(monkeypatch: pytest.MonkeyPatch) -> None:
    expect.agents.online(agents_after(monkeypatch, "offline", "online"))


def test_agent_that_is_online_for_a_moment_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unmet, match="a offline") as caught:
        agents_after(monkeypatch, "offline", "online", "online", "offline", "online")
    assert caught.value.expected == "at least one online for the calm budget (0.2 s)"


# Images and the checkout


def images_of(cluster: FakeCluster) -> list[Image]:
    return deployment(cluster).images


def test_images_on_a_node_or_in_use_are_loaded() -> None:
    api, agent = PROFILE.deployment.images
    cluster = FakeCluster(nodes=[node(f"docker.io/library/{api}")], pods=[running(agent)])
    expect.deployment.images_loaded(images_of(cluster), None)
    expect.deployment.images_loaded(images_of(FakeCluster(nodes=403, pods=[running(api), running(agent)])), None)


@pytest.mark.parametrize(
    ("nodes", "pods"),
    [
        ([], []),
        ([node("streamspace-api:v1"), node("other-streamspace-api:local")], []),
        ([node("streamspace-api:local")], []),
        ([node("streamspace-api:local")], [pod_json(name="p", started=False)]),
    ],
)
def test_an_image_that_is_nowhere(nodes: list[Json], pods: list[Json]) -> None:
    for raw_pod in pods:
        raw_pod["spec"]["containers"][0]["image"] = "streamspace-k8s-agent:local"
    with pytest.raises(Unmet) as caught:
        expect.deployment.images_loaded(images_of(FakeCluster(nodes=nodes, pods=pods)), None)
    assert "streamspace-k8s-agent:local" in caught.value.actual


def stage(tmp_path: Path, build: str, deploy: str = "echo deployed") -> Path:
    (tmp_path / "scripts").mkdir()
    for name, script in (("local-build.sh", build), ("local-deploy.sh", deploy)):
        (tmp_path / "scripts" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "scripts" / name).chmod(0o755)
    return tmp_path


def test_a_checkout_is_built_and_deployed_by_its_own_scripts(tmp_path: Path) -> None:
    found = deployment(STREAMSPACE_REPO=str(stage(tmp_path, "pwd > built", "pwd > deployed")))
    found.roll_out()
    assert (tmp_path / "built").read_text() == (tmp_path / "deployed").read_text() == f"{tmp_path.resolve()}\n"
    expect.deployment.images_loaded(found.images, found.rollout)


@pytest.mark.parametrize(
    ("build", "deploy", "told"),
    [
        ("echo one; echo no space left >&2; exit 7", "touch deployed", "ended with 7"),
        ("true", "echo ImagePullBackOff; exit 1", "ImagePullBackOff"),
        ("exec /bin/sleep 600", "touch deployed", "no answer within"),
    ],
)
def test_a_script_that_fails_is_told_by_its_last_lines(
    build: str, deploy: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "SCRIPTS", dict.fromkeys(checkout.SCRIPTS, 1.0))
    found = deployment(STREAMSPACE_REPO=str(stage(tmp_path, build, deploy)))
    found.roll_out()
    with pytest.raises(Unmet) as caught:
        expect.deployment.images_loaded(found.images, found.rollout)
    assert told in caught.value.actual
    assert not (tmp_path / "deployed").exists()


def test_rollout_does_not_wait_for_background_processes(tmp_path: Path) -> None:
    stage(tmp_path, "true", "/bin/sleep 600 & echo $! > forwarding")
    began = waiting.now()
    found = checkout.roll_out(tmp_path)
    assert found.failed is None
    assert waiting.now() - began < 10
    os.kill(int((tmp_path / "forwarding").read_text()), signal.SIGKILL)


def test_a_tool_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(put(tmp_path, {"helm": f"/bin/sleep 600 & echo $! > {tmp_path}/child; wait"})))
    assert call("helm", seconds=0.5).trouble == "no answer within 0.5 s"
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    waiting.poll(
        waiting.Wait("the child", "gone", Budget("test", 10, 1)),
        lambda: child.exists() and "Z" not in (child / "stat").read_text().rpartition(")")[2][:3],
        met=lambda lives: not lives,
        says=str,
        likely=str,
    )


def test_a_checkout_without_scripts(tmp_path: Path) -> None:
    found = deployment(STREAMSPACE_REPO=str(tmp_path))
    found.roll_out()
    with pytest.raises(Unmet) as caught:
        expect.deployment.images_loaded(found.images, found.rollout)
    assert "cannot be started" in caught.value.actual


# The administrator's credentials


def test_kubectl_is_asked_in_the_context_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(put(tmp_path / "bin", {"kubectl": 'echo "$@"'})))
    assert tools.cluster_info(20.0, "staging").output == "cluster-info --context staging\n"
    assert tools.cluster_info(20.0, None).output == "cluster-info\n"
