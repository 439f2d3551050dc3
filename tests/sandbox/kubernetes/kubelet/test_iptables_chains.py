"""NetworkPolicies as rules: what is let through, and how connections to Services are judged."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.kubelet.iptables_chains import rules
from streamspace_sandbox.kubernetes.machinery.resources import ENDPOINTS, NETWORKPOLICIES, PODS, SERVICES, Obj
from streamspace_sandbox.kubernetes.registry.store import Store
from tests.support.kubernetes_samples import pod

HOST = "10.231.0.1"


@pytest.fixture
def store() -> Store:
    """Pod `web` at .50, and pod `api` at .51 that serves 9090 as `http` behind a Service's port 8080."""
    store = Store()
    for name, ip in (("web", "10.231.0.50"), ("api", "10.231.0.51")):
        ports = [{"name": "http", "containerPort": 9090}]
        store.create(PODS, pod(name, labels={"app": name}, ports=ports))
        store.mutate(PODS, "default", name, lambda obj, ip=ip: obj["status"].update(podIP=ip), subresource="status")
    metadata = {"name": "api", "namespace": "default"}
    store.create(
        SERVICES, {"metadata": metadata, "spec": {"clusterIP": "10.231.0.9", "ports": [{"port": 8080, "name": "p"}]}}
    )
    subset = {"addresses": [{"ip": "10.231.0.51"}], "ports": [{"name": "p", "port": 9090, "protocol": "TCP"}]}
    store.create(ENDPOINTS, {"metadata": metadata, "subsets": [subset]})
    return store


def of(store: Store, name: str, **spec: Any) -> list[str]:
    """The verdicts for pod `web` under one policy, without the lines that every pod has."""
    selector: Obj = {"matchLabels": {"app": "web"}}
    metadata = {"name": name, "namespace": "default"}
    store.create(NETWORKPOLICIES, {"metadata": metadata, "spec": {"podSelector": selector, **spec}})
    lines = rules(store, store.get(PODS, "default", "web"), HOST).splitlines()
    return [line for line in lines if line.startswith("-A") and "ctdir" not in line and " lo " not in line]


def test_a_connection_to_a_service_is_judged_by_the_pods_behind_it(store: Store) -> None:
    to_service = "-A STREAMSPACE-OUT -d 10.231.0.9 -p tcp --dport 8080 -j"
    allowed = of(store, "a", policyTypes=["Egress"], egress=[{"ports": [{"port": 9090}]}])
    assert f"{to_service} RETURN" in allowed
    store.delete(NETWORKPOLICIES, "default", "a")
    assert f"{to_service} DROP" in of(store, "b", policyTypes=["Egress"], egress=[{"ports": [{"port": 8080}]}])


def test_peers_named_ports_and_blocks(store: Store) -> None:
    peer = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}}
    block = {"ipBlock": {"cidr": "10.0.0.0/30", "except": ["10.0.0.0/31"]}}
    egress = [{"to": [peer], "ports": [{"port": "http"}]}, {"to": [block], "ports": [{"protocol": "UDP"}]}]
    lines = of(store, "a", policyTypes=["Egress"], egress=egress)
    assert lines[1:] == [
        "-A STREAMSPACE-OUT -d 10.231.0.51/32 -p tcp --dport 9090:9090 -j RETURN",
        "-A STREAMSPACE-OUT -d 10.0.0.2/31 -p udp -j RETURN",
        "-A STREAMSPACE-OUT -j DROP",
    ]


def test_namespaces(store: Store) -> None:
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}
    elsewhere = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    lines = of(store, "a", ingress=[{"from": [elsewhere]}])
    assert lines == [f"-A STREAMSPACE-IN -s {HOST} -j RETURN", "-A STREAMSPACE-IN -j DROP"]
    more = of(store, "b", ingress=[{"from": [here]}])
    assert {"-A STREAMSPACE-IN -s 10.231.0.50/32 -j RETURN", "-A STREAMSPACE-IN -s 10.231.0.51/32 -j RETURN"} < set(
        more
    )


def test_what_no_policy_selects_is_open(store: Store) -> None:
    of(store, "a", ingress=[])
    assert "DROP" not in rules(store, store.get(PODS, "default", "api"), HOST)
