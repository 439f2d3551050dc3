"""What a NetworkPolicy lets through: each of its rules as networks and ports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from streamspace_sandbox.kubernetes.machinery.objects import dig, name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import NAMESPACES, PODS, Obj
from streamspace_sandbox.kubernetes.machinery.selectors import matches_selector
from streamspace_sandbox.kubernetes.registry.store import Store

_PEERS = {"Egress": "to", "Ingress": "from"}
_ANYWHERE = IPv4Network("0.0.0.0/0")
Span = tuple[int, int]
"""A range of ports, both ends included."""


@dataclass(frozen=True)
class Allowed:
    """Ports of one protocol at some networks; `ports` None is all of them, `protocol` None all of everything."""

    networks: tuple[IPv4Network, ...]
    protocol: str | None
    ports: Span | None

    def lets(self, address: str, protocol: str, port: int) -> bool:
        """Whether a packet to that place is among what is meant."""
        if self.protocol not in (None, protocol) or not any(IPv4Address(address) in each for each in self.networks):
            return False
        return self.ports is None or self.ports[0] <= port <= self.ports[1]

    def matches(self) -> Iterator[str]:
        """The same in the words of iptables, without the `-s` or `-d` before the network."""
        protocol = "" if self.protocol is None else f" -p {self.protocol.lower()}"
        ports = "" if self.ports is None else f" --dport {self.ports[0]}:{self.ports[1]}"
        yield from (f"{network}{protocol}{ports}" for network in self.networks)


def allowances(store: Store, policy: Obj, pod: Obj, kind: str) -> Iterator[Allowed]:
    """What `policy` lets through to ("Ingress") or from ("Egress") the pod that it selects."""
    for rule in policy["spec"].get(kind.lower()) or []:
        for networks, peer in _places(store, policy, rule.get(_PEERS[kind]) or []):
            serving = pod if kind == "Ingress" else peer
            for protocol, ports in _ports(rule.get("ports") or [], serving):
                yield Allowed(networks, protocol, ports)


def _places(store: Store, policy: Obj, peers: Sequence[Obj]) -> Iterator[tuple[tuple[IPv4Network, ...], Obj | None]]:
    """(networks, the pod that is meant, if it is one)"""
    if not peers:
        yield (_ANYWHERE,), None
    for peer in peers:
        if block := peer.get("ipBlock"):
            exceptions = [IPv4Network(each) for each in block.get("except") or []]
            yield _without(IPv4Network(block["cidr"]), exceptions), None
            continue
        namespaces = _namespaces(store, policy, peer)
        for pod in store.list(PODS)[0]:
            chosen = matches_selector(peer.get("podSelector") or {}, pod["metadata"].get("labels") or {})
            ip = dig(pod, "status.podIP")
            if chosen and ip and namespace_of(pod) in namespaces:
                yield (IPv4Network(ip),), pod


def _namespaces(store: Store, policy: Obj, peer: Obj) -> set[str]:
    selector = peer.get("namespaceSelector")
    if selector is None:
        return {namespace_of(policy)}
    found = store.list(NAMESPACES)[0]
    return {name_of(each) for each in found if matches_selector(selector, each["metadata"].get("labels") or {})}


def _ports(wanted: Sequence[Obj], serving: Obj | None) -> Iterator[tuple[str | None, Span | None]]:
    """(protocol, range); a port's name is looked up at the pod that serves it."""
    if not wanted:
        yield None, None
    for each in wanted:
        port = each.get("port")
        if isinstance(port, str):
            yield from ((each["protocol"], (number, number)) for number in _named(serving, port, each["protocol"]))
        else:
            yield each["protocol"], None if port is None else (port, each.get("endPort") or port)


def _named(pod: Obj | None, name: str, protocol: str) -> Iterator[int]:
    for container in pod["spec"]["containers"] if pod else []:
        for port in container.get("ports") or []:
            if port.get("name") == name and port["protocol"] == protocol:
                yield port["containerPort"]


def _without(network: IPv4Network, exceptions: Sequence[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The network in parts, the exceptions left out: a rule that only drops them would take from other rules too."""
    left = [network]
    for exception in exceptions:
        apart = [each for each in left if not each.overlaps(exception)]
        around = [part for each in left if exception.subnet_of(each) for part in each.address_exclude(exception)]
        left = apart + around
    return tuple(left)
