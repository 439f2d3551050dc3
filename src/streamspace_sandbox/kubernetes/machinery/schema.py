"""Structural schemas: unknown fields, defaults and violations. They are a part of OpenAPI; `KEYWORDS` says which."""

from collections.abc import Callable, Iterator
from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.quantities import is_quantity

Schema = dict[str, Any]
TYPE_INVALID = "FieldValueTypeInvalid"

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
"""Each type with the test that a value of it passes."""
KEYWORDS = frozenset(
    {
        *("type", "description", "properties", "additionalProperties", "items", "required", "default", "nullable"),
        *("enum", "minLength", "maxLength", "minimum", "maximum"),
        *("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
    }
)
"""The keywords that a schema of a custom resource may have."""
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
    """Remove unknown fields from `value`, in place, and return their paths."""
    pruned: list[str] = []
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(value, dict) and not open_ended and schema.get("type") == "object":
        known = schema.get("properties", {}).keys()
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
    """Every violation of the schema by `value`; empty when it is valid."""
    if value is None and schema.get("nullable"):
        return []
    if wrong := _wrong_type(schema, value, path):
        return [wrong]
    causes = list(_value_violations(schema, value, path))
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
        if not wanted or TYPES[wanted](value):
            return None
    actual = "null" if value is None else _NAME_OF_TYPE[type(value)]
    message = f'Invalid value: "{actual}": {path} in body must be of type {wanted}: "{actual}"'
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
        yield from _length_violations(schema, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_violations(schema, value, path)
    elif isinstance(value, dict):
        for field in schema.get("required", []):
            if value.get(field) is None:
                yield Cause(join(path, field), "Required value", "FieldValueRequired")


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _length_violations(schema: Schema, value: str, path: str) -> Iterator[Cause]:
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        yield Cause(path, f"Invalid value: {_quoted(value)}: {path} in body should be at least {least} chars long")
    if len(value) > schema.get("maxLength", len(value)):
        yield Cause(path, f"Too long: may not be more than {schema['maxLength']} bytes", "FieldValueTooLong")


def _number_violations(schema: Schema, value: float, path: str) -> Iterator[Cause]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and value < low:
        yield Cause(path, f"Invalid value: {value}: {path} in body should be greater than or equal to {low}")
    if high is not None and value > high:
        yield Cause(path, f"Invalid value: {value}: {path} in body should be less than or equal to {high}")
