"""The contents of a token that is a JSON Web Token (RFC 7519)."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def claims(token: str) -> Json | None:
    """The claims of a JSON Web Token; None for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    found = [_object(part) for part in parts[:2]]
    return found[1] if found[0] is not None else None


def unsigned(token: str) -> str | None:
    """The same claims under the algorithm `none`, which asks for no signature; None for another kind of token."""
    if claims(token) is None:
        return None
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def expiry(token: str) -> datetime | None:
    """When a token expires by its own words; None where it does not say so."""
    found = (claims(token) or {}).get("exp")
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def describe_expiry(token: str) -> str:
    """The same as a sentence's part."""
    if claims(token) is None:
        return "does not say when it expires"
    moment = expiry(token)
    return "never says that it expires" if moment is None else f"expires at {moment.isoformat(timespec='seconds')}"


def _object(part: str) -> Json | None:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
    return decoded if isinstance(decoded, dict) else None
