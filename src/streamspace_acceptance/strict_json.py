"""JSON objects: read strictly (UTF-8, no NaN and the like, a size that fits into memory), and laid over each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from math import isinf
from typing import Any

PARTS = 400_000
"""Objects, lists and members in one text: each costs some 100 bytes of memory, however short it is written."""

ITSELF = "[]"
"""The key of an array that is a whole body (`read_body`)."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """The text is not a strict JSON object; the sentence says why."""


class NotAnObject(NotJson):
    """The text is JSON, and no object."""

    def __init__(self, value: object) -> None:
        super().__init__(f"a JSON {type(value).__name__}, not an object")
        self.value = value


def read_object(body: bytes | bytearray) -> dict[str, Any]:
    """The object that `body` holds, also behind a byte order mark, which RFC 8259 lets readers ignore.

    Raises NotJson, also for NaN, 1e999, half a character and a key twice.
    """
    if body.count(b",") + body.count(b"{") + body.count(b"[") > PARTS:
        raise NotJson(f"more than {PARTS} parts in one answer")
    try:
        value = json.loads(
            str(body, "utf-8-sig"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_unique
        )
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error) if body else "an empty body") from error
    if not isinstance(value, dict):
        raise NotAnObject(value)
    return value


def read_body(body: bytes | bytearray) -> dict[str, Any]:
    """The object that `body` holds, and an array as an object that has it at ITSELF. Raises NotJson otherwise."""
    try:
        return read_object(body)
    except NotAnObject as error:
        if not isinstance(error.value, list):
            raise
        return {ITSELF: error.value}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    """Too large a number would be read as one that JSON does not have, and written on as that."""
    value = float(number)
    if isinf(value):
        raise ValueError(f"a number that nothing can hold: {number[:40]}")
    return value


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is duplicated")
        found[key] = value
    return found


def overlaid(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it, field by field; what does not change is shared with `base`."""
    laid = dict(base)
    for field, value in change.items():
        inner = laid.get(field)
        laid[field] = overlaid(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
    return laid
