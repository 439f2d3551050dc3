"""How a proxy rule rewrites the JSON of an answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.proof.proxy import Reply

SESSIONS = "/api/v1/sessions"
TEMPLATES = "/api/v1/templates"
AGENTS = "/api/v1/agents"

Json = dict[str, Any]


def altered(reply: Reply, **changes: Any) -> Reply:
    """The answer with these fields of its object changed."""
    return replace(reply, body=json.dumps(json.loads(reply.body) | changes).encode())


def each_of(reply: Reply, field: str, change: Callable[[Json], Json | None]) -> Reply:
    """The answer with each entry of its list changed, or left out where `change` gives none."""
    entries = [change(entry) for entry in json.loads(reply.body)[field]]
    return altered(reply, **{field: [entry for entry in entries if entry is not None]})


def refusal(status: int, error: str, message: str) -> Reply:
    """An error as the API tells it."""
    return Reply(status, "application/json", json.dumps({"error": error, "message": message}).encode())
