"""Bodies in Kubernetes' protobuf form, which `kubectl create` and `kubectl auth` send.

Only the fields that these commands write are known. A body with any other is refused as a whole, never read in part.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from streamspace_sandbox.kubernetes.apiserver.protobuf_messages import KEPT_ZEROS, KINDS, MESSAGES, Field
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request, unsupported_media_type
from streamspace_sandbox.kubernetes.machinery.resources import Obj

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\0"
_VARINT, _BYTES = 0, 2


def decode(body: bytes) -> Obj:
    """The object in `body`, in its JSON form. Raises `ApiError` 400 for bad protobuf, 415 for what is not known."""
    if not body.startswith(_MAGIC):
        raise bad_request("the body is not in Kubernetes' protobuf form")
    try:
        envelope = _message("Unknown", body[len(_MAGIC) :])
        of = envelope["typeMeta"]
        if of["kind"] not in KINDS:
            raise _unknown(f"a {of['kind']}")
        return {**of, **_message(of["kind"], envelope.get("raw", b""))}
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise bad_request(f"the body is not valid protobuf: {error}") from error


def _unknown(what: str) -> ApiError:
    return unsupported_media_type(
        f"this API server does not understand {what} as {MEDIA_TYPE}; send JSON or YAML, "
        "with kubectl: kubectl create ... --dry-run=client -o yaml | kubectl apply -f -"
    )


def _message(name: str, raw: bytes) -> Obj:
    found: Obj = {}
    for number, wire, value in _fields(raw):
        field = MESSAGES[name].get(number)
        if field is None:
            raise _unknown(f"field {number} of {name}")
        if (wire == _VARINT) is not (field.kind in ("int", "bool") and field.form != "map"):
            raise ValueError(f"{field.name} has wire type {wire}")
        _put(found, field, value)
    return found


def _put(found: Obj, field: Field, value: Any) -> None:
    match field.form:
        case "list":
            found.setdefault(field.name, []).append(_value(field.kind, value))
        case "map":
            entry = {number: part for number, _, part in _fields(value)}
            key = _value("string", entry.get(1, b""))
            found.setdefault(field.name, {})[key] = _value(field.kind, entry.get(2, b""))
        case _:
            read = _value(field.kind, value)
            if read not in ("", 0, None) or field.name in KEPT_ZEROS:
                found[field.name] = read


def _value(kind: str, value: Any) -> Any:
    scalar = _SCALARS.get(kind)
    return _message(kind, value) if scalar is None else scalar(value)


def _text(value: bytes) -> str:
    return value.decode()


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _time(value: bytes) -> str | None:
    seconds = _message("Time", value).get("seconds")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "bytes": bytes,
    "base64": lambda value: base64.b64encode(value).decode(),
    "int": _signed,
    "bool": bool,
    "time": _time,
}


def _fields(raw: bytes) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, value) of each field: a whole number or bytes. Raises IndexError or ValueError."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        number, wire = key >> 3, key & 7
        if wire not in (_VARINT, _BYTES):
            raise ValueError(f"wire type {wire}")
        value, at = _varint(raw, at)
        if wire == _VARINT:
            yield number, wire, value
            continue
        if at + value > len(raw):
            raise ValueError("it is cut short")
        yield number, wire, raw[at : at + value]
        at += value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """(the number that begins there, where it ends)."""
    value = shift = 0
    while shift < 64:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & (2**64 - 1), at
    raise ValueError("a number is too long")
