"""Ephemeral containers and NetworkPolicies as clients make them."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client
from kubernetes.client import ApiException

from tests.support.api_server import Cluster
from tests.support.kubectl import Kubectl, columns, needs_kubectl
from tests.support.kubernetes_samples import pod

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"


@pytest.fixture
def web(cluster: Cluster, core: Any) -> Iterator[str]:
    """A pod that is on a node."""
    core.create_namespaced_pod("default", pod("web", labels={"app": "web"}))
    yield "web"
    cluster.purge_pods()


def add(core: Any, kind: str = STRATEGIC, **container: Any) -> Any:
    body = {"spec": {"ephemeralContainers": [{"name": "dbg", "image": "nicolaka/netshoot", **container}]}}
    return core.patch_namespaced_pod_ephemeralcontainers("web", "default", body, _content_type=kind)


def test_containers_are_added_one_after_the_other(core: Any, web: str) -> None:
    add(core)
    both = add(core, name="second").spec.ephemeral_containers
    assert [container.name for container in both] == ["dbg", "second"]
    assert both[0].image_pull_policy == "Always"
    assert core.read_namespaced_pod_ephemeralcontainers("web", "default").spec.ephemeral_containers == both


@pytest.mark.parametrize(
    ("container", "complaint"),
    [
        ({"name": "main"}, "Duplicate value"),
        ({"image": None}, "image: Required value"),
        ({"ports": [{"containerPort": 80}]}, "ports: Forbidden"),
        ({"resources": {"limits": {"cpu": "1"}}}, "resources: Forbidden"),
        ({"targetContainerName": "main"}, "targetContainerName: Forbidden"),
    ],
)
def test_what_may_not_be_added(core: Any, web: str, container: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ApiException, match=complaint) as refused:
        add(core, **container)
    assert refused.value.status == 422


def test_what_is_there_is_not_changed_or_taken_away(core: Any, web: str) -> None:
    add(core)
    for change in ({"command": ["true"]}, {"name": "instead"}):
        with pytest.raises(ApiException, match="may not be changed or removed"):
            add(core, MERGE, **change)
    with pytest.raises(ApiException, match="pod updates may not change fields"):
        core.patch_namespaced_pod("web", "default", {"spec": {"ephemeralContainers": [{"name": "x", "image": "x"}]}})
    body = pod("other")
    body["spec"]["ephemeralContainers"] = [{"name": "dbg", "image": "x"}]
    with pytest.raises(ApiException, match="cannot be set on create"):
        core.create_namespaced_pod("default", body)


@needs_kubectl
def test_kubectl_debug_adds_a_container(kubectl: Kubectl, core: Any, web: str) -> None:
    kubectl("debug", "web", "--image=nicolaka/netshoot", "--profile=legacy", "-c", "dbg", "--", "sleep", "9")
    (made,) = core.read_namespaced_pod("web", "default").spec.ephemeral_containers
    assert (made.name, made.command) == ("dbg", ["sleep", "9"])
    assert kubectl("exec", "web", "-c", "dbg", "--", "echo", "there").stdout == "there\n"


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{ports: [{protocol: TCP, port: 1, endPort: 99}]}]
"""


@needs_kubectl
def test_kubectl_shows_policies(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POLICY)
    cells = columns(kubectl("get", "networkpolicy").stdout)
    assert [row[:2] for row in cells] == [["NAME", "POD-SELECTOR"], ["closed", "app=web"]]
    assert "1-99/TCP" in kubectl("describe", "netpol", "closed").stdout
    kubectl("delete", "netpol", "closed")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("[Egress]", "[Ingress]", "only Egress is"),
        ("[Egress]", "[Ingress, Egress]", "only Egress is"),
        ("{ports", "{to: [{podSelector: {}}], ports", "not supported by this API server"),
        ("endPort: 99", "endPort: 0", "endPort"),
        ("port: 1,", "port: 200,", "must be greater than or equal to `port`"),
        ("port: 1, endPort: 99", "port: http", "only numbers are"),
        ("protocol: TCP", "protocol: SCTP", "supported values"),
    ],
)
def test_policy_that_is_not_enforced_is_refused(api: Any, before: str, after: str, complaint: str) -> None:
    body = yaml.safe_load(POLICY.replace(before, after))
    with pytest.raises(ApiException, match=complaint) as refused:
        client.NetworkingV1Api(api).create_namespaced_network_policy("default", body)
    assert refused.value.status == 422
