"""GET of single objects and of lists, as JSON or as tables.

Lists are always whole: a `limit` is only a wish, and no answer has a `continue` token.
"""

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer, wants_table
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.printers import tables
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources
from streamspace_sandbox.kubernetes.registry.store import Store


def object_answer(request: Request, target: Target, custom: CustomResources, obj: Obj, code: int = 200) -> Response:
    """One object in the form that the client accepts."""
    if wants_table(request):
        include = request.query_params.get("includeObject", "Metadata")
        version = obj["metadata"]["resourceVersion"]
        return json_answer(tables.table(target.resource, [obj], custom, include=include, version=version), code)
    return json_answer(obj, code)


def list_answer(request: Request, target: Target, store: Store) -> Response:
    """The objects of a collection. Raises `ApiError` 400."""
    query, resource = request.query_params, target.resource
    labels, fields = query.get("labelSelector"), query.get("fieldSelector")
    items, version = store.list(resource, target.namespace, labels, fields)
    if wants_table(request):
        include = query.get("includeObject", "Metadata")
        return json_answer(tables.table(resource, items, store.custom, include=include, version=str(version)))
    metadata = {"resourceVersion": str(version)}
    kind = f"{resource.kind}List"
    return json_answer({"kind": kind, "apiVersion": resource.api_version, "metadata": metadata, "items": items})
