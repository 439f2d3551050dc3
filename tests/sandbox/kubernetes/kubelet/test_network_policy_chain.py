"""NetworkPolicies as rules of iptables."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.kubelet.network_policy_chain import chain_of
from streamspace_sandbox.kubernetes.machinery.resources import NETWORKPOLICIES, PODS, Obj
from streamspace_sandbox.kubernetes.registry.store import Store
from tests.support.kubernetes_samples import pod


@pytest.fixture
def store() -> Store:
    store = Store()
    for name in ("web", "api"):
        store.create(PODS, pod(name, labels={"app": name}))
    return store


def verdicts(store: Store, name: str) -> list[str]:
    """The rules of a pod's chain, without those that every pod has."""
    lines = chain_of(store, store.get(PODS, "default", name)).splitlines()
    return [line for line in lines if line.startswith("-A") and "ctdir" not in line and " lo " not in line]


def add_policy(store: Store, name: str, **spec: Any) -> None:
    selector: Obj = {"matchLabels": {"app": "web"}}
    metadata = {"name": name, "namespace": "default"}
    spec = {"podSelector": selector, "policyTypes": ["Egress"], **spec}
    store.create(NETWORKPOLICIES, {"metadata": metadata, "spec": spec})


def test_chain_allows_the_ports_of_all_policies(store: Store) -> None:
    add_policy(store, "a", egress=[{"ports": [{"port": 1, "endPort": 99}, {"protocol": "UDP"}]}])
    add_policy(store, "b", egress=[{"ports": [{"port": 443}]}])
    assert verdicts(store, "web") == [
        "-A STREAMSPACE-OUT -p tcp --dport 1:99 -j RETURN",
        "-A STREAMSPACE-OUT -p udp -j RETURN",
        "-A STREAMSPACE-OUT -p tcp --dport 443:443 -j RETURN",
        "-A STREAMSPACE-OUT -j DROP",
    ]


def test_chain_of_a_policy_without_rules_drops_everything(store: Store) -> None:
    add_policy(store, "a")
    assert verdicts(store, "web") == ["-A STREAMSPACE-OUT -j DROP"]


def test_chain_of_a_rule_without_ports_allows_everything(store: Store) -> None:
    add_policy(store, "a", egress=[{}])
    assert verdicts(store, "web") == ["-A STREAMSPACE-OUT -j RETURN", "-A STREAMSPACE-OUT -j DROP"]


def test_chain_of_a_pod_that_no_policy_selects_is_open(store: Store) -> None:
    add_policy(store, "a")
    assert verdicts(store, "api") == []
