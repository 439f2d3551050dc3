"""GET: single objects and lists, as JSON or as tables, in pages where the client wants them."""

import base64
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target, number
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer, wants_table
from streamspace_sandbox.kubernetes.machinery.errors import bad_request, gone
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.printers import tables
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources
from streamspace_sandbox.kubernetes.registry.store import Store

MAX_UNFINISHED_LISTS = 64


def in_version(resource: Resource, obj: Obj) -> Obj:
    """The object as this version of its kind shows it; all versions have the same fields."""
    return obj if obj["apiVersion"] == resource.api_version else {**obj, "apiVersion": resource.api_version}


def object_answer(request: Request, target: Target, custom: CustomResources, obj: Obj, code: int = 200) -> Response:
    """One object in the form that the client accepts."""
    shown = in_version(target.resource, obj)
    if wants_table(request):
        include = request.query_params.get("includeObject", "Metadata")
        version = obj["metadata"]["resourceVersion"]
        return json_answer(tables.table(target.resource, [shown], custom, include=include, version=version), code)
    return json_answer(shown, code)


@dataclass(frozen=True)
class _Rest:
    """What is left of a list that was cut into pages."""

    items: list[Obj]
    version: int


class Pages:
    """Lists that clients read in pages. Each page is of the state at the first one."""

    def __init__(self) -> None:
        self._unfinished: OrderedDict[str, _Rest] = OrderedDict()

    def first(self, items: list[Obj], version: int, limit: int | None) -> tuple[list[Obj], Obj]:
        """(items of the page, metadata of the list)."""
        metadata: Obj = {"resourceVersion": str(version)}
        if not limit or len(items) <= limit:
            return items, metadata
        token = base64.urlsafe_b64encode(secrets.token_bytes(12)).decode()
        self._unfinished[token] = _Rest(items[limit:], version)
        while len(self._unfinished) > MAX_UNFINISHED_LISTS:
            self._unfinished.popitem(last=False)
        return items[:limit], metadata | {"continue": token, "remainingItemCount": len(items) - limit}

    def following(self, token: str, limit: int | None) -> tuple[list[Obj], Obj]:
        """The page after the one that gave `token`. Raises `ApiError` 410 when it is no longer kept."""
        rest = self._unfinished.get(token)
        if rest is None:
            raise gone("The provided continue parameter is too old or unknown; start a new list without it")
        return self.first(rest.items, rest.version, limit)


def list_answer(request: Request, target: Target, store: Store, pages: Pages) -> Response:
    """The objects of a collection. Raises `ApiError` 400 and 410."""
    query, resource = request.query_params, target.resource
    if target.namespace is None and "namespace" in query:
        raise bad_request("the namespace belongs in the path")
    limit = number(query, "limit")
    if token := query.get("continue"):
        items, metadata = pages.following(token, limit)
    else:
        fields = query.get("fieldSelector")
        found, version = store.list(resource, target.namespace, query.get("labelSelector"), fields)
        items, metadata = pages.first(found, version, limit)
    shown = [in_version(resource, item) for item in items]
    if wants_table(request):
        include = query.get("includeObject", "Metadata")
        made = tables.table(resource, shown, store.custom, include=include, version=metadata["resourceVersion"])
        return json_answer({**made, "metadata": metadata})
    content = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata, "items": shown}
    return json_answer(content)
