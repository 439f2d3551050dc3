"""Reading and copying Kubernetes objects."""

from datetime import UTC, datetime
from typing import Any

import orjson

from streamspace_sandbox.kubernetes.machinery.resources import Obj


def clone(obj: Obj) -> Obj:
    """A deep copy. Also proves that the object is pure JSON: anything else raises TypeError."""
    copy: Obj = orjson.loads(orjson.dumps(obj))
    return copy


def timestamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with whole seconds, as `metav1.Time` has it."""
    return (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: str) -> datetime:
    """An aware datetime from RFC 3339. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def dig(obj: Any, path: str) -> Any:
    """The value at a dotted path, None where it leads nowhere."""
    for part in path.split("."):
        if not isinstance(obj, dict):
            return None
        obj = obj.get(part)
    return obj


def namespace_of(obj: Obj) -> str:
    return obj["metadata"].get("namespace") or ""


def name_of(obj: Obj) -> str:
    name: str = obj["metadata"]["name"]
    return name
