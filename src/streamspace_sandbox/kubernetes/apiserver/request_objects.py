"""Bodies of writes, made into objects: the envelope checked, unknown fields reported as the client wishes."""

from typing import Any

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.schema import Schema, prune
from streamspace_sandbox.kubernetes.registry import builtin_types
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources

VALIDATIONS = ("Ignore", "Warn", "Strict")


def schema_for(target: Target, custom: CustomResources) -> Schema:
    """The structural schema that objects of the target follow, in the version that the path names."""
    return custom.schema(target.resource) if target.resource.custom else builtin_types.schema_of(target.resource)


def object_from(body: Any, target: Target, custom: CustomResources, validation: str) -> tuple[Obj, list[str]]:
    """(the object, warnings) from the body of a write.

    `validation` is the query's fieldValidation: with Strict an unknown field is `ApiError` 400, with Warn a warning;
    it is dropped in any case.
    """
    if not isinstance(body, dict):
        raise bad_request("the body must be an object")
    obj = clone(body)
    _check_envelope(obj, target)
    if not target.resource.custom:
        _drop_nulls(obj)
    return obj, _drop_unknown(obj, schema_for(target, custom), validation)


def _check_envelope(obj: Obj, target: Target) -> None:
    resource = target.resource
    for field, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        given = obj.setdefault(field, wanted)
        if given != wanted:
            raise bad_request(f"the {field} in the data ({given}) does not match the expected {field} ({wanted})")
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    for field in ("name", "generateName", "namespace"):
        if not isinstance(metadata.get(field) or "", str):
            raise bad_request(f"metadata.{field} must be a string")
    _agree_with_path(metadata, "namespace", target.namespace)
    _agree_with_path(metadata, "name", target.name)


def _agree_with_path(metadata: Obj, field: str, wanted: str | None) -> None:
    given = metadata.get(field) or wanted
    if wanted is None:
        return
    if given != wanted:
        raise bad_request(f"the {field} of the object ({given}) does not match the {field} on the URL ({wanted})")
    metadata[field] = wanted


def _drop_nulls(value: Any) -> None:
    """A null of a built-in kind counts as absent."""
    children = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, child in children:
        if child is None and isinstance(value, dict):
            del value[key]
        elif isinstance(child, dict | list):
            _drop_nulls(child)


def _drop_unknown(obj: Obj, schema: Schema, validation: str) -> list[str]:
    if validation not in VALIDATIONS:
        raise bad_request(f"Invalid value: {validation!r}: fieldValidation: supported values: {', '.join(VALIDATIONS)}")
    unknown = [f'unknown field "{path}"' for path in prune(schema, obj)]
    if unknown and validation == "Strict":
        raise bad_request(f"strict decoding error: {', '.join(unknown)}")
    return unknown if validation == "Warn" else []
