"""Healthy variants: what the suite's user may not see or do, though nothing is wrong with the product."""

from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.kubernetes.machinery.errors import ApiError

RESOURCE = "streamspace_sandbox.kubernetes.apiserver.app:_Server._resource"
SUITE = "streamspace-acceptance"


def _hide(*resources: str) -> Callable[..., Any]:
    """The suite's user has a Role in the namespace alone, without these."""

    async def answer(resource: Any, server: Any, request: Any, target: Any) -> Any:
        what = f"{target.resource.plural}/{target.subresource}" if target.subresource else target.resource.plural
        if request.headers.get("user-agent", "").startswith(SUITE) and what in resources:
            raise ApiError(403, "Forbidden", f'{what} is forbidden: User "tester" cannot list resource "{what}"')
        return await resource(server, request, target)

    return answer


register_variant(
    "nodes-hidden",
    description="The suite's user may list neither nodes nor Secrets",
    kubernetes=wrap(RESOURCE, _hide("nodes", "secrets")),
)
register_variant(
    "events-hidden",
    description="The suite's user may not list events",
    kubernetes=wrap(RESOURCE, _hide("events")),
)
register_variant(
    "logs-hidden",
    description="The suite's user may read no pod's log",
    kubernetes=wrap(RESOURCE, _hide("pods/log")),
)
