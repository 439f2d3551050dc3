"""Request bodies, read strictly: bounded, valid UTF-8 JSON, no NaN, no duplicate keys, an object, known fields only."""

import json
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from streamspace_sandbox.streamspace.api.errors import ApiError, bad_request

MAX_BODY_BYTES = 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request, model: type[Model]) -> Model:
    """The request's body as `model`. Raises ApiError 400 with a sentence for each field that is wrong, or 413."""
    value = parse(await _bytes(request))
    if not isinstance(value, dict):
        raise bad_request("invalid_body", f"The body must be a JSON object, not {_kind(value)}.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise bad_request("invalid_field", _sentences(error)) from None


def parse(raw: bytes) -> Any:
    """Raises ApiError 400 for anything that is not exactly one JSON value without ambiguity."""
    if not raw.strip():
        raise bad_request("malformed_json", "The body is empty; a JSON object is expected.")
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise bad_request("malformed_json", "The body is not valid UTF-8 text.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise bad_request("malformed_json", f"The body is not valid JSON: {error.msg} at {place}.") from None
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


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _kind(value: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def _sentences(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        field = ".".join(str(part) for part in problem["loc"]) or "body"
        given = f" (given: {json.dumps(problem['input'])[:120]})" if _is_plain(problem["input"]) else ""
        match problem["type"]:
            case "missing":
                sentences.append(f"The field '{field}' is missing.")
            case "extra_forbidden":
                sentences.append(f"The field '{field}' is unknown.")
            case "model_type":
                sentences.append(f"The field '{field}' must be a JSON object{given}.")
            case _:
                reason = problem["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
                sentences.append(f"The field '{field}' {reason}{given}.")
    return " ".join(sentences)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
