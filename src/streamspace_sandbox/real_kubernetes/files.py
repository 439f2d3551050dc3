"""The configuration files of a node's components, and where each lies in the instance's directory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
API_PORT = 6443
METRICS_PORT = 4443
FIRST = "node1"
USER = "suite"
"""The name of the administrator's token, by which its calls are found in the audit log."""
OWN_ACCOUNTS = ["system:serviceaccount:streamspace:streamspace-k8s-agent"]
"""Accounts of StreamSpace itself, whose calls the audit log leaves out."""
PAUSE_IMAGE = "registry.local/pause:1"
PRIVATE_FOLDERS = ("/run", "/var/log", "/var/lib/kubelet", "/var/lib/cni")
"""Folders whose names are fixed in the programs; in the node's mount namespace each is its own."""


@dataclass(frozen=True)
class NodePlan:
    """A node: its directory, the folder of its programs, its address, its tokens and what it shows of itself.

    The administrator's token is for users, `component_token` with the same rights for the nodes' own programs.
    `cgroup` is above all its containers; `shown_cores` is the number of processors that it reports. `number` is 1 for
    the first node, which runs the API server at `first_address`; `nodes` is how many there are. `definitions` are the
    CustomResourceDefinitions that the cluster has before its controllers start.
    """

    directory: Path
    programs: Path
    address: str
    admin_token: str
    component_token: str
    node_token: str
    cgroup: str
    shown_cores: int
    archive: Path
    number: int = 1
    nodes: int = 1
    first_address: str = ""
    definitions: Sequence[dict[str, Any]] = ()

    @classmethod
    def read(cls, text: str) -> "NodePlan":
        """The plan that `write` wrote."""
        values = json.loads(text)
        paths = {name: Path(values[name]) for name in ("directory", "programs", "archive")}
        return cls(**{**values, **paths})

    def write(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), default=str)

    def of_further(self, number: int) -> "NodePlan":
        """The plan of another node of the cluster, which this first one starts."""
        name = _name(number)
        parts = self.address.split(".")
        return replace(
            self,
            directory=self.directory / name,
            address=".".join([*parts[:3], str(int(parts[3]) + number - 1)]),
            cgroup=f"{self.cgroup}/{name}",
            number=number,
            first_address=self.address,
        )

    @property
    def name(self) -> str:
        return _name(self.number)

    def token_of(self, number: int) -> str:
        """The token of a node's kubelet."""
        return f"{self.node_token}-{number}"

    @property
    def pods(self) -> str:
        """The network of this node's pods."""
        return f"10.244.{self.number}.0/24"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, for the components."""
        return self.directory / "components.kubeconfig"

    @property
    def node_kubeconfig(self) -> Path:
        return self.directory / "kubelet.kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        return self.directory / "containerd.sock"

    @property
    def tls(self) -> Path:
        return (self.directory if self.number == 1 else self.directory.parent) / "tls"

    @property
    def api_address(self) -> str:
        """Where the API server and the cluster's DNS are."""
        return self.first_address or self.address

    @property
    def server(self) -> str:
        return f"https://{self.api_address}:{API_PORT}"


def _name(number: int) -> str:
    return f"node{number}"


def write_files(plan: NodePlan) -> None:
    """Write every file that `components` names. The certificates are there already."""
    (plan.directory / "log").mkdir(parents=True, exist_ok=True)
    for name, content in _texts(plan).items():
        path = plan.directory / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content, encoding="utf-8")


def _texts(plan: NodePlan) -> Mapping[str, str]:
    return {
        "tokens.csv": f'{plan.admin_token},{USER},{USER},"system:masters"\n'
        f'{plan.component_token},component,component,"system:masters"\n'
        + "".join(
            f'{plan.token_of(number)},system:node:{_name(number)},{_name(number)},"system:nodes"\n'
            for number in range(1, plan.nodes + 1)
        ),
        plan.kubeconfig.name: _kubeconfig(plan, plan.component_token),
        plan.node_kubeconfig.name: _kubeconfig(plan, plan.token_of(plan.number)),
        "audit.yaml": yaml.safe_dump(_audit_policy()),
        "cni/10-pods.conflist": json.dumps(_pod_network(plan)),
        "containerd.toml": _containerd(plan),
        "kubelet.yaml": yaml.safe_dump(_kubelet(plan)),
        "proxy.yaml": yaml.safe_dump(_proxy(plan)),
        "Corefile": _dns(plan),
        "resolv.conf": f"nameserver {plan.api_address}\n",
    }


def _kubeconfig(plan: NodePlan, token: str) -> str:
    cluster = {"server": plan.server, "certificate-authority": str(plan.tls / "ca.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "node", "cluster": cluster}],
        "users": [{"name": "component", "user": {"token": token}}],
        "contexts": [{"name": "node", "context": {"cluster": "node", "user": "component"}}],
        "current-context": "node",
    }
    return yaml.safe_dump(content)


def _audit_policy() -> Mapping[str, Any]:
    """Every call of users and of the accounts that they make for themselves: what a run needs is read from it."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": OWN_ACCOUNTS},
            {"level": "Metadata", "users": [USER]},
            {"level": "Metadata", "userGroups": ["system:serviceaccounts:streamspace"]},
            {"level": "None"},
        ],
    }


def _pod_network(plan: NodePlan) -> Mapping[str, Any]:
    ranges = [[{"subnet": plan.pods}]]
    addresses = {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [{**bridge, "ipam": addresses}, ports]}


def _containerd(plan: NodePlan) -> str:
    return f"""version = 2
root = "{plan.directory}/containerd"
state = "/run/containerd"
[grpc]
  address = "{plan.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{plan.directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{plan.directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


def _kubelet(plan: NodePlan) -> Mapping[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(plan.tls / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": plan.cgroup,
        "containerRuntimeEndpoint": f"unix://{plan.containerd_socket}",
        "failSwapOn": False,
        "failCgroupV1": False,
        # Some machines refuse the kubelet's settings of kernel parameters and of processes' scores.
        "featureGates": {"KubeletInUserNamespace": True},
        "clusterDNS": [plan.api_address],
        "clusterDomain": "cluster.local",
        "resolvConf": str(plan.directory / "resolv.conf"),
        "evictionHard": {"imagefs.available": "1%", "nodefs.available": "1%", "memory.available": "100Mi"},
        "maxPods": 110,
        "registryPullQPS": 0,
        "syncFrequency": "10s",
    }


def _proxy(plan: NodePlan) -> Mapping[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": POD_NETWORK,
        "hostnameOverride": plan.name,
        "clientConnection": {"kubeconfig": str(plan.kubeconfig)},
        # Zero leaves the kernel's own settings, which a namespace may not change.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _dns(plan: NodePlan) -> str:
    return f""".:53 {{
  bind {plan.address}
  errors
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {plan.kubeconfig}
    pods insecure
    ttl 5
  }}
  cache 5
}}
"""
