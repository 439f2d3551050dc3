"""The iptables chain in a pod's network that enforces the NetworkPolicies of the pod.

It judges every packet, not only the first one of a connection, so a policy cuts open connections too. Replies in
connections that others opened pass. A connection to a Service is judged by the Service's port.
"""

from collections.abc import Iterator

from streamspace_sandbox.kubernetes.machinery.objects import namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import NETWORKPOLICIES, Obj
from streamspace_sandbox.kubernetes.machinery.selectors import matches_selector
from streamspace_sandbox.kubernetes.registry.store import Store

CHAIN = "STREAMSPACE-OUT"
_BEGINNING = [
    f":{CHAIN} - [0:0]",
    f"-A {CHAIN} -m conntrack --ctdir REPLY -j RETURN",
    f"-A {CHAIN} -o lo -j RETURN",
]


def initial_chain() -> str:
    """The chain without a policy. From now on the kernel tracks who opened each connection."""
    return _table([*_BEGINNING, f"-A OUTPUT -j {CHAIN}"])


def chain_of(store: Store, pod: Obj) -> str:
    """The content of the chain for this pod, as iptables-restore takes it."""
    labels = pod["metadata"].get("labels") or {}
    policies = store.list(NETWORKPOLICIES, namespace_of(pod))[0]
    selecting = [policy for policy in policies if matches_selector(policy["spec"]["podSelector"], labels)]
    allowed = [f"-A {CHAIN}{match} -j RETURN" for policy in selecting for match in _matches(policy)]
    return _table([*_BEGINNING, *allowed, *([f"-A {CHAIN} -j DROP"] if selecting else [])])


def _table(lines: list[str]) -> str:
    return "\n".join(["*mangle", *lines, "COMMIT", ""])


def _matches(policy: Obj) -> Iterator[str]:
    """One match of iptables for each port that the policy allows; an empty match for all ports."""
    for rule in policy["spec"].get("egress") or []:
        if not rule.get("ports"):
            yield ""
        for entry in rule.get("ports") or []:
            first = entry.get("port")
            ports = "" if first is None else f" --dport {first}:{entry.get('endPort') or first}"
            yield f" -p {entry['protocol'].lower()}{ports}"
