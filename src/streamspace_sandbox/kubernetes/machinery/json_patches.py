"""Patches of JSON objects: JSON patch (RFC 6902), merge patch (RFC 7386) and three-way apply."""

from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.kubernetes.machinery.resources import Obj


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: objects are merged, null removes, everything else replaces. Returns a new value."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(target: Obj, operations: Any) -> Obj:
    """RFC 6902. Raises `ApiError` 400 for a malformed patch and 422 for one that does not fit the object."""
    if not isinstance(operations, list) or not all(isinstance(op, dict) for op in operations):
        raise bad_request("a JSON patch is an array of operations")
    document: Any = clone(target)
    for operation in operations:
        document = _operate(document, operation)
    if not isinstance(document, dict):
        raise bad_request("a JSON patch must leave an object")
    return document


def _operate(document: Any, operation: Obj) -> Any:
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise bad_request("each operation of a JSON patch needs a path")
    if name == "remove":
        return _write(document, path, None, "remove")
    if name in ("move", "copy"):
        return _carry(document, str(operation.get("from")), path, moves=name == "move")
    if name not in ("add", "replace", "test"):
        raise bad_request(f"{name!r} is no operation of a JSON patch")
    if "value" not in operation:
        raise bad_request(f"operation {name!r} of a JSON patch needs a value")
    if name != "test":
        return _write(document, path, operation["value"], name)
    if _look_up(document, path) != operation["value"]:
        raise _does_not_fit(f"testing value {path} failed")
    return document


def _carry(document: Any, origin: str, path: str, *, moves: bool) -> Any:
    value = clone({"carried": _look_up(document, origin)})["carried"]
    if moves:
        document = _write(document, origin, None, "remove")
    return _write(document, path, value, "add")


def _does_not_fit(why: str) -> ApiError:
    return ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {why}")


def _tokens(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise bad_request(f"{path!r} is no JSON pointer")
    return [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]]


def _step(node: Any, token: str, path: str) -> Any:
    if isinstance(node, dict) and token in node:
        return node[token]
    if isinstance(node, list) and token.isdigit() and int(token) < len(node):
        return node[int(token)]
    raise _does_not_fit(f"path {path} does not exist")


def _look_up(document: Any, path: str) -> Any:
    for token in _tokens(path):
        document = _step(document, token, path)
    return document


def _write(document: Any, path: str, value: Any, how: str) -> Any:
    """`document` with the value at `path` added, replaced or removed, in place; the empty path is all of it."""
    tokens = _tokens(path)
    if not tokens:
        return value
    parent = document
    for token in tokens[:-1]:
        parent = _step(parent, token, path)
    last = tokens[-1]
    if how != "add":
        _step(parent, last, path)
    if isinstance(parent, list):
        _write_item(parent, last, value, how, path)
    elif isinstance(parent, dict):
        if how == "remove":
            del parent[last]
        else:
            parent[last] = value
    else:
        raise _does_not_fit(f"path {path} does not exist")
    return document


def _write_item(items: list[Any], token: str, value: Any, how: str, path: str) -> None:
    if how == "remove":
        del items[int(token)]
    elif how == "replace":
        items[int(token)] = value
    else:
        items.insert(_position(items, token, path), value)


def _position(items: list[Any], token: str, path: str) -> int:
    """Where an addition goes; `-` is the end."""
    position = len(items) if token in {"-"} else int(token) if token.isdigit() else -1
    if not 0 <= position <= len(items):
        raise _does_not_fit(f"index {token} of {path} is out of range")
    return position


def vanished(before: Any, after: Any) -> Any:
    """A merge patch that removes from an object what `before` had and `after` no longer has."""
    removal: Obj = {}
    for key, value in before.items():
        if key not in after:
            removal[key] = None
        elif isinstance(value, dict) and isinstance(after[key], dict) and (inner := vanished(value, after[key])):
            removal[key] = inner
    return removal
