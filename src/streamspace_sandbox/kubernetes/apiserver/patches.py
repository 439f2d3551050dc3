"""The four forms of PATCH, as a function of the present object."""

from typing import Any

from starlette.datastructures import QueryParams

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.machinery.errors import bad_request, unsupported_media_type
from streamspace_sandbox.kubernetes.machinery.json_patches import json_patch, merge_patch, vanished
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.strategic_merge import strategic_merge
from streamspace_sandbox.kubernetes.registry import builtin_types

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Applied:
    """What each field manager last applied to each object, so that what it no longer applies can be removed.

    The simple form of server-side apply: managers do not own fields, so there are no conflicts between them.
    """

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Obj] = {}

    def check(self, query: QueryParams, body: Any) -> None:
        """Raises `ApiError` 400 for an apply that does not say who applies, or that applies no object."""
        if not query.get("fieldManager"):
            raise bad_request("fieldManager is required for apply patch")
        if not isinstance(body, dict) or "apiVersion" not in body or "kind" not in body:
            raise bad_request("an apply patch is an object with apiVersion and kind")

    def remember(self, obj: Obj, manager: str, configuration: Obj) -> None:
        self._latest[obj["metadata"]["uid"], manager] = clone(configuration)

    def latest(self, obj: Obj, manager: str) -> Obj:
        return self._latest.get((obj["metadata"]["uid"], manager), {})


def patched(current: Obj, body: Any, target: Target, applied: Applied, *, kind: str, query: QueryParams) -> Obj:
    """The object that the patch, of media type `kind`, leads to; `current` is not changed.

    Raises `ApiError` 415 for a form that the kind does not take, and what the forms themselves raise.
    """
    if kind == JSON_PATCH:
        return json_patch(current, body)
    if not isinstance(body, dict):
        raise bad_request("the patch must be an object")
    if kind == MERGE_PATCH:
        return _object(merge_patch(current, body))
    if kind == STRATEGIC_PATCH and not target.resource.custom:
        return strategic_merge(current, body, builtin_types.schema_of(target.resource))
    if kind == APPLY_PATCH:
        applied.check(query, body)
        return _apply(current, body, target, applied.latest(current, query["fieldManager"]))
    accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    if not target.resource.custom:
        accepted.append(STRATEGIC_PATCH)
    raise unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    )


def _object(value: Any) -> Obj:
    if not isinstance(value, dict):
        raise bad_request("the patch must leave an object")
    return value


def _apply(current: Obj, wanted: Obj, target: Target, before: Obj) -> Obj:
    """Three-way: what was applied before and no longer is goes, what is applied now comes."""
    without = _object(merge_patch(current, vanished(before, wanted)))
    if target.resource.custom:
        return _object(merge_patch(without, wanted))
    return strategic_merge(without, wanted, builtin_types.schema_of(target.resource))
