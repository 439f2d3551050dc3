"""What NetworkPolicies mean for one pod, as rules of iptables in the pod's own network.

A policy speaks of pods and their ports. So a connection to a Service is judged by the pods behind it, although here it
goes to the Service's address. What comes through a Service comes from the node, and the node is always let in.
Every packet of a connection is judged, not its first alone: what was open is cut with the rest. Answers are not judged.
"""

from collections.abc import Iterator, Sequence

from streamspace_sandbox.kubernetes.kubelet.network_policy_rules import Allowed, allowances
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import ENDPOINTS, NETWORKPOLICIES, SERVICES, Obj
from streamspace_sandbox.kubernetes.machinery.selectors import matches_selector
from streamspace_sandbox.kubernetes.registry.store import Store

CHAINS = {"Egress": "STREAMSPACE-OUT", "Ingress": "STREAMSPACE-IN"}
_HOOKS = {"Egress": "OUTPUT", "Ingress": "INPUT"}
_LOOPBACK = {"Egress": "-o lo", "Ingress": "-i lo"}


def foundation() -> str:
    """The chains without a policy: with them the kernel knows from the first packet on who began each connection."""
    hooks = [f"-A {_HOOKS[kind]} -j {chain}" for kind, chain in CHAINS.items()]
    return _table([*_chains(), *hooks, *(line for kind in CHAINS for line in _beginning(kind))])


def rules(store: Store, pod: Obj, host_ip: str) -> str:
    """The content of both chains for this pod, as iptables-restore takes it."""
    lines = _chains()
    for kind in CHAINS:
        lines += _beginning(kind)
        policies = list(_policies(store, pod, kind))
        if policies:
            allowed = [each for policy in policies for each in allowances(store, policy, pod, kind)]
            lines += _verdicts(store, kind, allowed, host_ip)
    return _table(lines)


def _table(lines: Sequence[str]) -> str:
    return "\n".join(["*mangle", *lines, "COMMIT", ""])


def _chains() -> list[str]:
    """Made where they are not, emptied where they are."""
    return [f":{chain} - [0:0]" for chain in CHAINS.values()]


def _beginning(kind: str) -> list[str]:
    chain = CHAINS[kind]
    return [f"-A {chain} -m conntrack --ctdir REPLY -j RETURN", f"-A {chain} {_LOOPBACK[kind]} -j RETURN"]


def _policies(store: Store, pod: Obj, kind: str) -> Iterator[Obj]:
    """The policies that isolate the pod in this direction."""
    labels = pod["metadata"].get("labels") or {}
    for policy in store.list(NETWORKPOLICIES, namespace_of(pod))[0]:
        spec = policy["spec"]
        if kind in spec["policyTypes"] and matches_selector(spec["podSelector"], labels):
            yield policy


def _verdicts(store: Store, kind: str, allowed: Sequence[Allowed], host_ip: str) -> Iterator[str]:
    chain, end = CHAINS[kind], "-d" if kind == "Egress" else "-s"
    if kind == "Ingress":
        yield f"-A {chain} -s {host_ip} -j RETURN"
    else:
        yield from (f"-A {chain} {line}" for line in _to_services(store, allowed))
    for each in allowed:
        yield from (f"-A {chain} {end} {line} -j RETURN" for line in each.matches())
    yield f"-A {chain} -j DROP"


def _to_services(store: Store, allowed: Sequence[Allowed]) -> Iterator[str]:
    """For each port of each Service: let through when one of the pods behind it may be reached."""
    endpoints = {(namespace_of(each), name_of(each)): each for each in store.list(ENDPOINTS)[0]}
    for service in store.list(SERVICES)[0]:
        address = service["spec"].get("clusterIP")
        behind = endpoints.get((namespace_of(service), name_of(service)))
        if not address or address == "None" or behind is None:
            continue
        for port in service["spec"].get("ports") or []:
            backends = list(_backends(behind, port))
            lets = any(each.lets(*backend) for each in allowed for backend in backends)
            if backends:
                verdict, protocol = "RETURN" if lets else "DROP", port["protocol"].lower()
                yield f"-d {address} -p {protocol} --dport {port['port']} -j {verdict}"


def _backends(endpoints: Obj, port: Obj) -> Iterator[tuple[str, str, int]]:
    """(address, protocol, port) of each pod behind a Service's port."""
    for subset in endpoints.get("subsets") or []:
        for each in subset.get("ports") or []:
            if each.get("name") == port.get("name"):
                for address in subset.get("addresses") or []:
                    yield address["ip"], each.get("protocol", "TCP"), each["port"]
