"""The commands of a node's components, in the order in which they start."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamspace_sandbox.real_kubernetes.files import (
    API_PORT,
    METRICS_PORT,
    POD_NETWORK,
    SERVICE_NETWORK,
    NodePlan,
)


@dataclass(frozen=True)
class Component:
    """A process of the node, and variables that it gets beside those of its parent."""

    name: str
    argv: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


def etcd(plan: NodePlan) -> Component:
    local = "http://127.0.0.1:2379"
    flags = {
        "data-dir": f"{plan.directory}/etcd",
        "listen-client-urls": local,
        "advertise-client-urls": local,
        "listen-peer-urls": "http://127.0.0.1:2380",
    }
    # A node that is thrown away needs no data that survives a loss of power.
    return _component(plan, "etcd", flags, "--unsafe-no-fsync")


def api_server(plan: NodePlan) -> Component:
    tls = plan.tls
    flags = {
        "etcd-servers": "http://127.0.0.1:2379",
        "service-cluster-ip-range": SERVICE_NETWORK,
        "advertise-address": plan.address,
        "secure-port": str(API_PORT),
        "tls-cert-file": f"{tls}/server.crt",
        "tls-private-key-file": f"{tls}/server.key",
        "client-ca-file": f"{tls}/ca.crt",
        "token-auth-file": f"{plan.directory}/tokens.csv",
        "kubelet-client-certificate": f"{tls}/client.crt",
        "kubelet-client-key": f"{tls}/client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-key-file": f"{tls}/accounts.pub",
        "service-account-signing-key-file": f"{tls}/accounts.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "authorization-mode": "Node,RBAC",
        "allow-privileged": "true",
        "requestheader-client-ca-file": f"{tls}/ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": f"{tls}/front.crt",
        "proxy-client-key-file": f"{tls}/front.key",
        "enable-aggregator-routing": "true",
        "event-ttl": "2h",
        # Not on by default in this version; with it a mesh's sidecar can be added without a webhook.
        "feature-gates": "MutatingAdmissionPolicy=true",
        "runtime-config": "admissionregistration.k8s.io/v1beta1=true",
        "audit-policy-file": f"{plan.directory}/audit.yaml",
        "audit-log-path": f"{plan.directory}/log/audit.jsonl",
    }
    return _component(plan, "kube-apiserver", flags)


def controllers(plan: NodePlan) -> Sequence[Component]:
    """The controllers, the scheduler, and the cluster's DNS."""
    config = str(plan.kubeconfig)
    own = {"kubeconfig": config, "authentication-kubeconfig": config, "authorization-kubeconfig": config}
    manager = {
        "service-account-private-key-file": f"{plan.tls}/accounts.key",
        "root-ca-file": f"{plan.tls}/ca.crt",
        "leader-elect": "false",
        "cluster-cidr": POD_NETWORK,
    }
    return (
        _component(plan, "kube-controller-manager", own | manager),
        _component(plan, "kube-scheduler", own | {"leader-elect": "false"}),
        Component("coredns", [f"{plan.programs}/coredns", "-conf", f"{plan.directory}/Corefile"]),
    )


def containerd(plan: NodePlan) -> Component:
    return Component("containerd", ["containerd", "-c", f"{plan.directory}/containerd.toml"])


def node_agents(plan: NodePlan) -> Sequence[Component]:
    """The kubelet and the proxy of Services, which each node has."""
    kubelet = {
        "config": f"{plan.directory}/kubelet.yaml",
        "kubeconfig": str(plan.node_kubeconfig),
        "hostname-override": plan.name,
        "node-ip": plan.address,
        "root-dir": f"{plan.directory}/kubelet",
        "cert-dir": f"{plan.directory}/kubelet-tls",
    }
    shown = {"SHOWN_CORES": str(plan.shown_cores)}
    return (
        Component("kubelet", _argv(plan, "kubelet", kubelet), shown),
        _component(plan, "kube-proxy", {"config": f"{plan.directory}/proxy.yaml"}),
    )


def metrics_server(plan: NodePlan) -> Component:
    config = str(plan.kubeconfig)
    metrics = {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "secure-port": str(METRICS_PORT),
        "cert-dir": f"{plan.directory}/metrics-tls",
        "metric-resolution": "15s",
        "kubelet-preferred-address-types": "InternalIP",
    }
    return _component(plan, "metrics-server", metrics, "--kubelet-insecure-tls")


def _component(plan: NodePlan, name: str, flags: dict[str, str], *switches: str) -> Component:
    return Component(name, [*_argv(plan, name, flags), *switches])


def _argv(plan: NodePlan, name: str, flags: dict[str, str]) -> Sequence[str]:
    return [f"{plan.programs}/{name}", *(f"--{flag}={value}" for flag, value in flags.items())]
