"""Strategic merge patches: lists are merged by the key that the kind's schema names, and directives steer the rest."""

from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.schema import Schema

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"


def strategic_merge(target: Obj, patch: Obj, schema: Schema) -> Obj:
    """`target` with `patch` applied; neither is changed. Raises `ApiError` 400 for a malformed directive."""
    directive = patch.get(_PATCH)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"unknown patch directive {directive!r}")
    merged = dict(target)
    if _RETAIN_KEYS in patch:
        merged = {key: value for key, value in merged.items() if key in patch[_RETAIN_KEYS]}
    for key, value in patch.items():
        if key.startswith(_DELETE_PRIMITIVES):
            name = key.removeprefix(_DELETE_PRIMITIVES)
            merged[name] = [item for item in merged.get(name) or [] if item not in value]
        elif not key.startswith("$"):
            _merge_field(merged, key, value, _field_schema(schema, key))
    _set_orders(merged, patch, schema)
    return merged


def _set_orders(merged: Obj, patch: Obj, schema: Schema) -> None:
    for key, order in patch.items():
        name = key.removeprefix(_ORDER)
        if key.startswith(_ORDER) and isinstance(merged.get(name), list):
            merged[name] = _ordered(merged[name], order, _merge_key(_field_schema(schema, name)))


def _field_schema(schema: Schema, field: str) -> Schema:
    known: Schema | None = schema.get("properties", {}).get(field)
    if known is not None:
        return known
    more = schema.get("additionalProperties")
    return more if isinstance(more, dict) else {}


def _merge_key(schema: Schema) -> str | None:
    key: str | None = schema.get("x-kubernetes-patch-merge-key")
    return key


def _merge_field(merged: Obj, key: str, value: Any, schema: Schema) -> None:
    if value is None:
        merged.pop(key, None)
    elif isinstance(value, dict):
        present = merged.get(key)
        merged[key] = strategic_merge(present if isinstance(present, dict) else {}, value, schema)
    elif isinstance(value, list) and schema.get("x-kubernetes-patch-strategy") == "merge":
        merged[key] = _merge_list(merged.get(key) or [], value, schema)
    else:
        merged[key] = value


def _merge_list(present: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    key = _merge_key(schema)
    if key is None:
        return [*present, *(item for item in patch if item not in present)]
    if any(not isinstance(item, dict) for item in patch):
        raise bad_request(f"a list that is merged by {key!r} holds objects")
    changes = [item for item in patch if item.get(_PATCH) != "replace" or len(item) > 1]
    merged = [] if len(changes) < len(patch) else list(present)
    for change in changes:
        if key not in change:
            raise bad_request(f"map: {change} does not contain declared merge key: {key}")
        position = next((i for i, item in enumerate(merged) if item.get(key) == change[key]), None)
        if change.get(_PATCH) == "delete":
            merged = [item for item in merged if item.get(key) != change[key]]
        elif position is None:
            merged.append(strategic_merge({}, change, schema["items"]))
        else:
            merged[position] = strategic_merge(merged[position], change, schema["items"])
    return merged


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    """`items` in the order that the patch wishes; items it does not name stay behind the one that they followed."""
    identities = [item.get(key) if key and isinstance(item, dict) else item for item in items]
    wanted = [entry.get(key) if key and isinstance(entry, dict) else entry for entry in order]
    rank: dict[int, tuple[int, int]] = {}
    anchor = -1
    for index, identity in enumerate(identities):
        if identity in wanted:
            anchor = wanted.index(identity)
            rank[index] = (anchor, 0)
        else:
            rank[index] = (anchor, index + 1)
    return [items[index] for index in sorted(rank, key=lambda index: rank[index])]
