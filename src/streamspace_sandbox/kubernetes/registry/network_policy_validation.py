"""What is wrong with a NetworkPolicy beyond its structure: the node relies on it."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.resources import Obj

_TYPES = ("Egress", "Ingress")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_OPERATORS = ("DoesNotExist", "Exists", "In", "NotIn")


def policy_violations(policy: Obj) -> Iterator[Cause]:
    """Of its types, selectors, ports and peers."""
    spec = policy["spec"]
    for index, kind in enumerate(spec["policyTypes"]):
        yield from _one_of(f"spec.policyTypes[{index}]", kind, _TYPES)
    yield from _selector_violations(spec["podSelector"], "spec.podSelector")
    for direction, end in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or []):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or []):
                yield from _port_violations(port, f"{path}.ports[{number}]")
            for number, peer in enumerate(rule.get(end) or []):
                yield from _peer_violations(peer, f"{path}.{end}[{number}]")


def _one_of(path: str, value: Any, choices: tuple[str, ...]) -> Iterator[Cause]:
    if value not in choices:
        supported = ", ".join(f'"{choice}"' for choice in choices)
        yield Cause(path, f'Unsupported value: "{value}": supported values: {supported}', "FieldValueNotSupported")


def _selector_violations(selector: Obj, path: str) -> Iterator[Cause]:
    for index, expression in enumerate(selector.get("matchExpressions") or []):
        yield from _one_of(f"{path}.matchExpressions[{index}].operator", expression["operator"], _OPERATORS)


def _port_violations(port: Obj, path: str) -> Iterator[Cause]:
    yield from _one_of(f"{path}.protocol", port["protocol"], _PROTOCOLS)
    first, last = port.get("port"), port.get("endPort")
    for field, value in (("port", first), ("endPort", last)):
        if isinstance(value, int) and not 1 <= value <= 65535:
            yield Cause(f"{path}.{field}", f"Invalid value: {value}: must be between 1 and 65535, inclusive")
    if last is not None and not isinstance(first, int):
        why = "Forbidden: may not be specified when `port` is non-numeric or not specified"
        yield Cause(f"{path}.endPort", why, "FieldValueForbidden")
    elif last is not None and isinstance(first, int) and last < first:
        yield Cause(f"{path}.endPort", f"Invalid value: {last}: must be greater than or equal to `port`")


def _peer_violations(peer: Obj, path: str) -> Iterator[Cause]:
    selectors = [field for field in ("podSelector", "namespaceSelector") if peer.get(field) is not None]
    for field in selectors:
        yield from _selector_violations(peer[field], f"{path}.{field}")
    block = peer.get("ipBlock")
    if block is None:
        if not selectors:
            yield Cause(path, "Required value: must specify a peer", "FieldValueRequired")
        return
    if selectors:
        yield Cause(path, "Forbidden: may not specify both ipBlock and another peer", "FieldValueForbidden")
    for each in (block["cidr"], *(block.get("except") or [])):
        try:
            IPv4Network(each)
        except ValueError:
            yield Cause(f"{path}.ipBlock", f'Invalid value: "{each}": must be a valid CIDR of IPv4')
