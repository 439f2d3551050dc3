"""Request bodies, read strictly: bounded, valid UTF-8 JSON, no NaN, no duplicate keys, an object, known fields only."""

import json
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import ClientDisconnect, Request

from streamspace_sandbox.streamspace.api.errors import ApiError, bad_request

MAX_BODY_BYTES = 1024 * 1024
MAX_DIGITS = 100
Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request, model: type[Model]) -> Model:
    """The request's body as `model`. Raises ApiError 400 with a sentence for each invalid field, or 413."""
    value = parse(await _bytes(request))
    if not isinstance(value, dict):
        raise bad_request("invalid_body", f"The body must be a JSON object, not {_kind(value)}.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise bad_request("invalid_field", _sentences(error)) from None


def parse(raw: bytes) -> Any:
    """Raises ApiError 400 for anything but exactly one unambiguous JSON value."""
    if not raw.strip():
        raise bad_request("malformed_json", "The body is empty; a JSON object is expected.")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_integer,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise bad_request("malformed_json", "The body is not valid UTF-8 text.") from None
    except json.JSONDecodeError as error:
        what, place = error.msg.removesuffix(" at"), f"line {error.lineno}, column {error.colno}"
        raise bad_request("malformed_json", f"The body is not valid JSON: {what} at {place}.") from None
    except RecursionError:
        raise bad_request("malformed_json", "The body is nested too deeply.") from None
    except ValueError as error:
        raise bad_request("malformed_json", f"The body is not valid JSON: {error}.") from None
    return value


async def _bytes(request: Request) -> bytes:
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > MAX_BODY_BYTES:
                sentence = f"The body is larger than {MAX_BODY_BYTES // 1024} KiB."
                raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", sentence)
    except ClientDisconnect:
        raise bad_request("incomplete_body", "The connection closed before the body was complete.") from None
    return bytes(received)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise ValueError(f"the key {key!r} appears twice")
        value[key] = item
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _kind(value: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is unknown",
    "model_type": "must be a JSON object{given}",
    "string_type": "must be a string{given}",
    "int_type": "must be a whole number{given}",
    "int_from_float": "must be a whole number{given}",
    "string_too_short": "must not be empty",
    "string_too_long": "must hold at most {max_length} characters{given}",
}


def _sentences(error: ValidationError) -> str:
    return " ".join(_sentence(problem) for problem in error.errors(include_url=False))


def _sentence(problem: ErrorDetails) -> str:
    field = ".".join(str(part) for part in problem["loc"]) or "body"
    given = f" (given: {json.dumps(problem['input'])[:120]})" if _is_plain(problem["input"]) else ""
    reason = problem["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    form = _REASONS.get(problem["type"], "{reason}{given}")
    return f"The field '{field}' {form.format(**problem.get('ctx', {}) | {'given': given, 'reason': reason})}."


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
