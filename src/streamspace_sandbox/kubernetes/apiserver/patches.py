"""The two forms of PATCH, as functions of the present object."""

from typing import Any

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.machinery.errors import bad_request, unsupported_media_type
from streamspace_sandbox.kubernetes.machinery.merge_patch import merge_patch
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.strategic_merge import strategic_merge
from streamspace_sandbox.kubernetes.registry import builtin_types

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


def patched(current: Obj, body: Any, target: Target, kind: str) -> Obj:
    """The object that the patch, of media type `kind`, leads to; `current` is not changed.

    Raises `ApiError` 400 for a malformed patch and 415 for a form that the kind does not take.
    """
    if not isinstance(body, dict):
        raise bad_request("the patch must be an object")
    if kind == MERGE_PATCH:
        return merge_patch(current, body)
    if kind == STRATEGIC_PATCH and not target.resource.custom:
        return strategic_merge(current, body, builtin_types.schema_of(target.resource))
    accepted = [MERGE_PATCH] if target.resource.custom else [MERGE_PATCH, STRATEGIC_PATCH]
    raise unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    )
