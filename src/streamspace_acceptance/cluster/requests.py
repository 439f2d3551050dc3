"""The resources that a pod requests of its node, as the scheduler counts them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from streamspace_acceptance.cluster.containers import Json, is_native_sidecar
from streamspace_acceptance.cluster.quantities import amount

COUNTED = ("cpu", "memory")


def requested(pod: Json) -> dict[str, Decimal]:
    """The cores and bytes that the scheduler keeps free for a pod, its sidecars and its overhead included.

    Resources of the whole pod take the place of the sum of its containers'.
    """
    whole = (pod["spec"].get("resources") or {}).get("requests") or {}
    initial = pod["spec"].get("initContainers") or ()
    beside = [*pod["spec"]["containers"], *(container for container in initial if is_native_sidecar(container))]
    first = [container for container in initial if not is_native_sidecar(container)]
    overhead = pod["spec"].get("overhead") or {}
    return {
        resource: (
            amount(whole[resource])
            if resource in whole
            else max(sum((_request(container, resource) for container in beside), Decimal(0)), *_each(first, resource))
        )
        + amount(overhead.get(resource, "0"))
        for resource in COUNTED
    }


def _each(containers: Sequence[Json], resource: str) -> list[Decimal]:
    return [_request(container, resource) for container in containers] or [Decimal(0)]


def _request(container: Json, resource: str) -> Decimal:
    return amount(((container.get("resources") or {}).get("requests") or {}).get(resource, "0"))
