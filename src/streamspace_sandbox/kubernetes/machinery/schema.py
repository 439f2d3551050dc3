"""Structural schemas (the part of OpenAPI that Kubernetes allows): unknown fields, defaults, and what is not valid."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.kubernetes.machinery.quantities import is_quantity

Schema = dict[str, Any]
TYPE_INVALID = "FieldValueTypeInvalid"

_IS_TYPE: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_NAME_OF_TYPE = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _children(schema: Schema, value: Any, path: str) -> Iterator[tuple[Schema, Any, str]]:
    """The parts of `value` that the schema describes, each with its schema and path."""
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield schema["items"], item, f"{path}[{index}]"
    if not isinstance(value, dict):
        return
    for field, inner in schema.get("properties", {}).items():
        if field in value:
            yield inner, value[field], join(path, field)
    if isinstance(more := schema.get("additionalProperties"), dict):
        for field in value.keys() - schema.get("properties", {}).keys():
            yield more, value[field], join(path, field)


def prune(schema: Schema, value: Any, path: str = "") -> list[str]:
    """Take unknown fields out of `value`, in place, and tell their paths."""
    pruned: list[str] = []
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(value, dict) and not open_ended and schema.get("type") == "object":
        known = schema.get("properties", {}).keys()
        if schema.get("x-kubernetes-embedded-resource"):
            known = known | {"apiVersion", "kind", "metadata"}
        for field in [field for field in value if field not in known]:
            del value[field]
            pruned.append(join(path, field))
    for inner, child, where in _children(schema, value, path):
        pruned += prune(inner, child, where)
    return pruned


def apply_defaults(schema: Schema, value: Any) -> None:
    """Fill absent fields that have a default, in place; a null where null is not allowed counts as absent."""
    if isinstance(value, dict):
        for field, inner in schema.get("properties", {}).items():
            absent = field not in value or (value[field] is None and not inner.get("nullable"))
            if absent and "default" in inner:
                value[field] = clone(inner["default"])
    for inner, child, _ in _children(schema, value, ""):
        apply_defaults(inner, child)


def violations(schema: Schema, value: Any, path: str = "") -> list[Cause]:
    """Everything about `value` that the schema forbids; empty when it is valid."""
    if value is None and schema.get("nullable"):
        return []
    if wrong := _wrong_type(schema, value, path):
        return [wrong]
    causes = [*_value_violations(schema, value, path), *_combined_violations(schema, value, path)]
    for inner, child, where in _children(schema, value, path):
        causes += violations(inner, child, where)
    return causes


def _wrong_type(schema: Schema, value: Any, path: str) -> Cause | None:
    if schema.get("x-kubernetes-int-or-string"):
        if isinstance(value, int | str | float) and not isinstance(value, bool):
            return None
        wanted = "integer or string"
    else:
        wanted = schema.get("type", "")
        if not wanted or _IS_TYPE[wanted](value):
            return None
    found = "null" if value is None else _NAME_OF_TYPE[type(value)]
    message = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause(path, message, TYPE_INVALID)


def _value_violations(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(_quoted(choice) for choice in schema["enum"])
        message = f"Unsupported value: {_quoted(value)}: supported values: {supported}"
        yield Cause(path, message, "FieldValueNotSupported")
    if schema.get("format") == "quantity" and not is_quantity(value):
        form = "a quantity is a number with an optional suffix such as m, k, M, G, Ki, Mi or Gi"
        yield Cause(path, f"Invalid value: {_quoted(value)}: {form}")
    if isinstance(value, str):
        yield from _string_violations(schema, value, path)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int | float):
        yield from _number_violations(schema, value, path)
    elif isinstance(value, list):
        yield from _list_violations(schema, value, path)
    elif isinstance(value, dict):
        yield from _object_violations(schema, value, path)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _string_violations(schema: Schema, value: str, path: str) -> Iterator[Cause]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Cause(path, f"Invalid value: {_quoted(value)}: {path} in body should match '{schema['pattern']}'")
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        yield Cause(path, f"Invalid value: {_quoted(value)}: {path} in body should be at least {least} chars long")
    if len(value) > schema.get("maxLength", len(value)):
        yield Cause(path, f"Too long: may not be more than {schema['maxLength']} bytes", "FieldValueTooLong")


def _number_violations(schema: Schema, value: float, path: str) -> Iterator[Cause]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (value < low or (schema.get("exclusiveMinimum") and value == low)):
        word = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield Cause(path, f"Invalid value: {value}: {path} in body should be {word} {low}")
    if high is not None and (value > high or (schema.get("exclusiveMaximum") and value == high)):
        word = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield Cause(path, f"Invalid value: {value}: {path} in body should be {word} {high}")
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        yield Cause(path, f"Invalid value: {value}: {path} in body should be a multiple of {schema['multipleOf']}")


def _list_violations(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    if len(value) < schema.get("minItems", 0):
        least = schema["minItems"]
        yield Cause(path, f"Invalid value: {len(value)}: {path} in body should have at least {least} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield Cause(path, f"Too many: {len(value)}: must have at most {schema['maxItems']} items", "FieldValueTooMany")
    for index, key in _duplicates(schema, value):
        yield Cause(f"{path}[{index}]", f"Duplicate value: {key}", "FieldValueDuplicate")


def _duplicates(schema: Schema, value: list[Any]) -> Iterator[tuple[int, str]]:
    """(index, key) of each item that repeats an earlier one of a set or of a map list."""
    keys = schema.get("x-kubernetes-list-map-keys", [])
    if schema.get("x-kubernetes-list-type") not in ("set", "map"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        identity = str({key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item)
        if identity in seen:
            yield index, identity
        seen.add(identity)


def _object_violations(schema: Schema, value: dict[str, Any], path: str) -> Iterator[Cause]:
    for field in schema.get("required", []):
        if value.get(field) is None:
            yield Cause(join(path, field), "Required value", "FieldValueRequired")
    if len(value) < schema.get("minProperties", 0):
        least = schema["minProperties"]
        yield Cause(path, f"Invalid value: {len(value)}: {path} in body should have at least {least} properties")
    if len(value) > schema.get("maxProperties", len(value)):
        most = schema["maxProperties"]
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")


def _combined_violations(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for inner in schema.get("allOf", []):
        yield from violations(inner, value, path)
    for word, wanted in (("anyOf", "at least one schema"), ("oneOf", "one and only one schema")):
        if word not in schema or schema.get("x-kubernetes-int-or-string"):
            continue
        valid = sum(not violations(inner, value, path) for inner in schema[word])
        if valid == 0 or (word == "oneOf" and valid > 1):
            yield Cause(path, f'Invalid value: "": {path} in body must validate {wanted} ({word})')
    if "not" in schema and not violations(schema["not"], value, path):
        yield Cause(path, f'Invalid value: "": {path} in body must not validate the schema (not)')
