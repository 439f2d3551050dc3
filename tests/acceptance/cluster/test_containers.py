"""Which container of a pod is meant: by annotation, by name, by port, by what is left."""

from __future__ import annotations

from typing import Any

import pytest

from streamspace_acceptance.cluster.containers import ANNOTATION, Role, Roles, main_container
from streamspace_acceptance.cluster.exec import ExecRefusedError, ExecResult
from streamspace_acceptance.cluster.main_containers import MainContainers
from streamspace_acceptance.cluster.objects import Pod
from tests.support.samples import Json, pod_json

ROLE = Role("desktop", 5900)


def pod_of(*containers: Json, annotation: str = "", **spec: Any) -> Json:
    found = pod_json()
    found["spec"] |= {"containers": list(containers), **spec}
    if annotation:
        found["metadata"]["annotations"] = {ANNOTATION: annotation}
    states = [{"name": container["name"], "ready": True, "state": {"running": {}}} for container in containers]
    found["status"]["containerStatuses"] = states
    return found


def named(name: str, *ports: int) -> Json:
    return {"name": name, "ports": [{"containerPort": port} for port in ports]}


@pytest.mark.parametrize(
    ("pod", "name", "reason"),
    [
        (pod_of(named("anything")), "anything", "only one"),
        (pod_of(named("mesh", 5900), named("main"), annotation="main"), "main", "annotation"),
        (pod_of(named("mesh"), named("desktop"), annotation="gone"), "desktop", "profile"),
        (pod_of(named("mesh"), named("x", 5900), named("y", 80)), "x", "declares port 5900"),
        (pod_of(named("a"), {"name": "b", "readinessProbe": {"tcpSocket": {"port": 5900}}}), "b", "declares port 5900"),
        (pod_of(named("istio-proxy"), named("x")), "x", "not a known neighbour"),
        (pod_of(named("a"), named("b")), "a", "first"),
    ],
)
def test_main_container_is_found_by_the_first_rule_that_fits(pod: Json, name: str, reason: str) -> None:
    found = main_container(pod, ROLE)
    assert (found.name, reason in found.reason) == (name, True)


def test_main_container_tells_its_neighbours_of_each_kind() -> None:
    sidecar = {"name": "native", "restartPolicy": "Always"}
    pod = pod_of(
        named("desktop"),
        initContainers=[{"name": "once"}, sidecar],
        ephemeralContainers=[{"name": "debugger"}],
    )
    assert main_container(pod, ROLE).neighbours == ("native", "debugger")


def test_pod_counts_native_sidecars_as_kubectl_does() -> None:
    pod = pod_of(named("desktop"), initContainers=[{"name": "once"}, {"name": "native", "restartPolicy": "Always"}])
    assert (Pod.of(pod).containers, Pod.of(pod).ready) == (2, False)
    pod["status"]["initContainerStatuses"] = [{"name": "native", "ready": True, "state": {"running": {}}}]
    assert Pod.of(pod).ready


def test_main_container_listens_where_nothing_else_tells() -> None:
    asked: list[str] = []

    def run(_pod: Json, _command: object, container: str) -> ExecResult:
        asked.append(container)
        if container == "a":
            raise ExecRefusedError("no shell")
        return ExecResult("yes\n", "", 0)

    containers = MainContainers(Roles("session", ROLE), run)
    pod = pod_of(named("istio-proxy"), named("a"), named("b"))
    assert [containers.of(pod).name, containers.of(pod).name] == ["b", "b"]
    assert (asked, containers.of(pod).reason) == (["a", "b"], "listens on port 5900")
    assert containers.of(pod).neighbours == ("a", "istio-proxy")


def test_roles_are_told_by_labels() -> None:
    roles = Roles("session", ROLE, {"api": Role("server")})
    api = pod_json(labels={"app": "api"})
    assert [roles.of(pod) for pod in (pod_json(), api, pod_json(labels={}))] == [ROLE, Role("server"), Role()]
