"""Requests to running pods: their logs, and the container that a request names."""

from collections.abc import AsyncIterator
from datetime import datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target, flag, number
from streamspace_sandbox.kubernetes.apiserver.streaming import StreamAnswer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.objects import name_of, parse_timestamp
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions, Runtime
from streamspace_sandbox.kubernetes.registry.store import Store


def container_of(pod: Obj, wanted: str | None) -> str:
    """The container that a request names. Raises `ApiError` 400 when it is unknown, ambiguous, or on no node yet."""
    name, spec = name_of(pod), pod["spec"]
    containers = [c["name"] for c in spec["containers"]]
    beside = [c["name"] for kind in ("initContainers", "ephemeralContainers") for c in spec.get(kind) or []]
    if not wanted and len(containers) > 1:
        choices = " ".join(containers)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    chosen = wanted or containers[0]
    if chosen not in (*containers, *beside):
        raise bad_request(f"container {chosen} is not valid for pod {name}")
    if not spec.get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    return str(chosen)


def _since_time(query: QueryParams) -> datetime | None:
    text = query.get("sinceTime")
    try:
        return parse_timestamp(text) if text else None
    except ValueError:
        raise bad_request(f"query parameter sinceTime must be an RFC 3339 time, not {text!r}") from None


def _log_options(query: QueryParams) -> LogOptions:
    tail, since = number(query, "tailLines"), number(query, "sinceSeconds")
    if (tail or 0) < 0 or (since is not None and since <= 0):
        raise bad_request("tailLines must not be negative, sinceSeconds must be positive")
    return LogOptions(
        follow=flag(query, "follow"),
        tail_lines=tail,
        since_seconds=since,
        since_time=_since_time(query),
        timestamps=flag(query, "timestamps"),
        previous=flag(query, "previous"),
    )


async def _at_most(chunks: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    async for chunk in chunks:
        yield chunk if left is None else chunk[:left]
        if left is not None and (left := left - len(chunk)) <= 0:
            return


async def log_answer(request: Request, target: Target, store: Store, runtime: Runtime) -> Response:
    """GET of a pod's `log`. Raises `ApiError`, before anything is sent."""
    query = request.query_params
    pod = store.get(target.resource, target.namespace, target.name or "")
    container = container_of(pod, query.get("container"))
    chunks = await runtime.logs(pod, container, _log_options(query))
    return StreamAnswer(_at_most(chunks, number(query, "limitBytes")), "text/plain")
