"""What the nodes have, what pods have asked for of it, and what is in use: `kubectl top nodes` and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from streamspace_acceptance.cluster.quantities import amount

Json = dict[str, Any]

NO_METRICS = "What is in use is not known: metrics are not served here (metrics.k8s.io)."
_MIB = 1024**2


def use(nodes: list[Json], pods: list[Json], metrics: list[Json] | None) -> str:
    """A line for each node. `pods`: those of the namespace, whose requests alone can be summed up."""
    used = {each["metadata"]["name"]: each["usage"] for each in metrics or ()}
    lines = [_node(node, pods, used.get(node["metadata"]["name"])) for node in nodes] or ["no nodes"]
    notes = ["Requested: by the pods of this namespace alone."]
    return "\n\n".join(["\n".join(lines), "\n".join([*notes, *([NO_METRICS] if metrics is None else [])])])


def _node(node: Json, pods: list[Json], used: Json | None) -> str:
    name, status = node["metadata"]["name"], node.get("status") or {}
    there = status.get("allocatable") or {}
    mine = [pod for pod in pods if (pod.get("spec") or {}).get("nodeName") == name and _stays(pod)]
    conditions = [each["type"] for each in status.get("conditions") or () if each.get("status") == "True"]
    closed = ["takes no new pods"] if (node.get("spec") or {}).get("unschedulable") else []
    head = f"{name}: {', '.join([*conditions, *closed]) or 'no condition is true'}, {len(mine)} pods of this namespace"
    return "\n".join([head, *(_resource(what, there, mine, used) for what in ("cpu", "memory"))])


def _resource(what: str, there: Json, pods: list[Json], used: Json | None) -> str:
    whole = _read(there.get(what))
    asked = sum((_requested(pod, what) for pod in pods), Decimal(0))
    said = [f"allocatable {_words(what, whole)}", f"requested {_words(what, asked)}{_share(asked, whole)}"]
    if used is not None:
        said.append(f"in use {_words(what, _read(used.get(what)))}{_share(_read(used.get(what)), whole)}")
    return f"  {what + ':':<8} {', '.join(said)}"


def _requested(pod: Json, what: str) -> Decimal:
    containers: Iterable[Json] = (pod.get("spec") or {}).get("containers") or ()
    asked = (((each.get("resources") or {}).get("requests") or {}).get(what) for each in containers)
    return sum((_read(each) for each in asked if each is not None), Decimal(0))


def _stays(pod: Json) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _read(quantity: object) -> Decimal:
    return amount(str(quantity)) if quantity is not None else Decimal(0)


def _words(what: str, value: Decimal) -> str:
    return f"{value * 1000:.0f}m" if what == "cpu" else f"{value / _MIB:.0f}Mi"


def _share(part: Decimal, whole: Decimal) -> str:
    return f" ({part / whole:.0%})" if whole else ""
