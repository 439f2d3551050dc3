"""Violations of a NetworkPolicy: the kubelet enforces egress by ports, and everything else is refused."""

from collections.abc import Iterator

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.resources import Obj

_PROTOCOLS = ("TCP", "UDP")
_UNSUPPORTED = "Forbidden: not supported by this API server"


def policy_violations(policy: Obj) -> Iterator[Cause]:
    """The violations of its types, its rules and their ports."""
    spec = policy["spec"]
    if spec["policyTypes"] != ["Egress"] or spec.get("ingress"):
        yield Cause("spec.policyTypes", f"{_UNSUPPORTED}: only Egress is", "FieldValueForbidden")
    for index, rule in enumerate(spec.get("egress") or []):
        if rule.get("to"):
            yield Cause(f"spec.egress[{index}].to", _UNSUPPORTED, "FieldValueForbidden")
        for number, port in enumerate(rule.get("ports") or []):
            yield from _port_violations(port, f"spec.egress[{index}].ports[{number}]")


def _port_violations(port: Obj, path: str) -> Iterator[Cause]:
    first, last = port.get("port"), port.get("endPort")
    if port["protocol"] not in _PROTOCOLS:
        message = f'Unsupported value: "{port["protocol"]}": supported values: "TCP", "UDP"'
        yield Cause(f"{path}.protocol", message, "FieldValueNotSupported")
    if isinstance(first, str):
        yield Cause(f"{path}.port", f"{_UNSUPPORTED}: only numbers are", "FieldValueForbidden")
        return
    for field, number in (("port", first), ("endPort", last)):
        if number is not None and not 1 <= number <= 65535:
            yield Cause(f"{path}.{field}", f"Invalid value: {number}: must be between 1 and 65535, inclusive")
    if last is not None and (first is None or last < first):
        yield Cause(f"{path}.endPort", f"Invalid value: {last}: must be greater than or equal to `port`")
