"""Ephemeral containers and NetworkPolicies as clients make them."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.rest import ApiException

from streamspace_sandbox.kubernetes.machinery.resources import PODS
from tests.sandbox.kubernetes.apiserver.test_kubectl import Run, environment, kubectl
from tests.support.api_server import Cluster
from tests.support.kubernetes_samples import pod

__all__ = ["environment", "kubectl"]
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Any]:
    with config.new_client_from_config(config_file=str(cluster.kubeconfig)) as made:
        yield made


@pytest.fixture
def core(cluster: Cluster, api: Any) -> Iterator[Any]:
    """With a pod `web` that is on a node."""
    core = client.CoreV1Api(api)
    core.create_namespaced_pod("default", pod("web", labels={"app": "web"}))
    yield core
    cluster.call(lambda: cluster.store.purge(PODS))


def add(core: Any, kind: str = STRATEGIC, **container: Any) -> Any:
    body = {"spec": {"ephemeralContainers": [{"name": "dbg", "image": "nicolaka/netshoot", **container}]}}
    return core.patch_namespaced_pod_ephemeralcontainers("web", "default", body, _content_type=kind)


def test_containers_are_added_one_after_the_other(core: Any) -> None:
    add(core, targetContainerName="main")
    both = add(core, name="second").spec.ephemeral_containers
    assert [each.name for each in both] == ["dbg", "second"]
    assert both[0].image_pull_policy == "Always"
    assert core.read_namespaced_pod_ephemeralcontainers("web", "default").spec.ephemeral_containers == both


@pytest.mark.parametrize(
    ("container", "complaint"),
    [
        ({"name": "main"}, "Duplicate value"),
        ({"image": None}, "image: Required value"),
        ({"ports": [{"containerPort": 80}]}, "ports: Forbidden"),
        ({"resources": {"limits": {"cpu": "1"}}}, "resources: Forbidden"),
        ({"targetContainerName": "nobody"}, "targetContainerName: Not found"),
    ],
)
def test_what_may_not_be_added(core: Any, container: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ApiException, match=complaint) as refused:
        add(core, **container)
    assert refused.value.status == 422


def test_what_is_there_is_not_changed_or_taken_away(core: Any) -> None:
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


def test_kubectl_debug(kubectl: Run, core: Any) -> None:
    done = kubectl("debug", "web", "--image=nicolaka/netshoot", "--target=main", "-c", "dbg", "--", "sleep", "9")
    assert "Targeting container" in done.stdout + done.stderr
    (made,) = core.read_namespaced_pod("web", "default").spec.ephemeral_containers
    assert (made.name, made.target_container_name, made.command) == ("dbg", "main", ["sleep", "9"])
    assert kubectl("exec", "web", "-c", "dbg", "--", "echo", "there").stdout == "there\n"


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 1, endPort: 99}]}]
"""


def test_kubectl_shows_policies(kubectl: Run) -> None:
    kubectl("apply", "-f", "-", stdin=POLICY)
    lines = kubectl("get", "networkpolicy").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["NAME", "POD-SELECTOR"], ["closed", "app=web"]]
    assert "CIDR: 10.0.0.0/8" in kubectl("describe", "netpol", "closed").stdout
    kubectl("delete", "netpol", "closed")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("[Egress]", "[Outwards]", "supported values"),
        ("10.0.0.0/8", "10.0.0.1/8", "must be a valid CIDR"),
        ("endPort: 99", "endPort: 0", "endPort"),
        ("port: 1,", "port: http,", "non-numeric"),
        ("{ipBlock", "{podSelector: {}, ipBlock", "may not specify both"),
    ],
)
def test_policies_are_validated(kubectl: Run, before: str, after: str, complaint: str) -> None:
    assert complaint in kubectl("apply", "-f", "-", stdin=POLICY.replace(before, after), fails=True).stderr
