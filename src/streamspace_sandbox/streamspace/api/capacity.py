"""The largest session that the cluster's nodes can hold."""

from decimal import Decimal
from http import HTTPStatus

import orjson

from streamspace_sandbox.streamspace.api.database import Connection
from streamspace_sandbox.streamspace.api.errors import ApiError
from streamspace_sandbox.streamspace.api.field_formats import quantity


async def require_capacity(connection: Connection, cpu: str, memory: str) -> None:
    """Raises ApiError 422 when no node of the cluster could hold a session of this size, even if it were empty.

    It uses the nodes that the agents last reported; before the first report it accepts every size.
    """
    rows = await connection.fetch("select nodes from agents")
    nodes = [node for row in rows for node in orjson.loads(row["nodes"])]
    wanted = quantity(cpu), quantity(memory)
    if not nodes or any(_holds(node, *wanted) for node in nodes):
        return
    largest_cpu = max(quantity(node["cpu"]) for node in nodes)
    largest_memory = max(quantity(node["memory"]) for node in nodes) / 1024**3
    sentence = (
        f"No node can hold a session with cpu {cpu} and memory {memory};"
        f" the largest has {largest_cpu:f} CPU and {largest_memory:.1f} GiB allocatable."
    )
    raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "insufficient_capacity", sentence)


def _holds(node: dict[str, str], cpu: Decimal, memory: Decimal) -> bool:
    return cpu <= quantity(node["cpu"]) and memory <= quantity(node["memory"])
