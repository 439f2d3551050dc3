"""Values in tables: ages, keys and values, and the small JSONPath of printer columns."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from streamspace_sandbox.kubernetes.machinery.objects import parse_timestamp
from streamspace_sandbox.kubernetes.machinery.resources import Obj

NONE = "<none>"
UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def human_duration(seconds: float) -> str:
    """`45s`, `5m3s`, `47m`, `3h12m`, `26h`, `3d4h`, `90d`, `2y10d`: as kubectl writes ages."""
    left = max(int(seconds), 0)
    forms = (
        (2 * _MINUTE, 1, "s", 0, ""),
        (10 * _MINUTE, _MINUTE, "m", 1, "s"),
        (3 * _HOUR, _MINUTE, "m", 0, ""),
        (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
        (2 * _DAY, _HOUR, "h", 0, ""),
        (8 * _DAY, _DAY, "d", _HOUR, "h"),
        (2 * _YEAR, _DAY, "d", 0, ""),
        (8 * _YEAR, _YEAR, "y", _DAY, "d"),
    )
    for below, unit, letter, small_unit, small_letter in forms:
        if left < below:
            rest = left % unit // small_unit if small_unit else 0
            return f"{left // unit}{letter}" + (f"{rest}{small_letter}" if rest else "")
    return f"{left // _YEAR}y"


def age(timestamp: str | None) -> str:
    """The time since a timestamp."""
    if not timestamp:
        return UNKNOWN
    return human_duration((datetime.now(UTC) - parse_timestamp(timestamp)).total_seconds())


def age_of(obj: Obj) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def pairs(values: Mapping[str, Any] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((values or {}).items())) or NONE


def listed(values: Iterable[Any]) -> str:
    return ",".join(str(value) for value in values) or NONE


_STEP = re.compile(
    r"""\.?(?P<field>[A-Za-z0-9_$-]+(?:\\.[A-Za-z0-9_$-]+)*)
      | \[(?P<index>\d+|\*)\]
      | \[['"](?P<quoted>[^'"]+)['"]\]
      | \[\?\(@\.(?P<key>[A-Za-z0-9_.-]+)\s*==\s*['"](?P<value>[^'"]*)['"]\)\]""",
    re.VERBOSE,
)


def parse_json_path(path: str) -> list[re.Match[str]]:
    """The steps of a simple JSONPath (fields, indexes, `[*]`, equality filters). Raises ValueError."""
    path = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    steps, position = [], 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ValueError(f"{path!r} is not a JSONPath that this API server supports")
        steps.append(step)
        position = step.end()
    return steps


def json_path(obj: Any, path: str) -> list[Any]:
    """All values at the path, in order."""
    values = [obj]
    for step in parse_json_path(path):
        values = [value for node in values for value in _follow(node, step)]
    return values


def _follow(node: Any, step: re.Match[str]) -> list[Any]:
    field = step["quoted"] or (step["field"] or "").replace("\\.", ".")
    if field:
        return [node[field]] if isinstance(node, dict) and node.get(field) is not None else []
    if not isinstance(node, list):
        return []
    if step["index"] == "*":
        return node
    if step["index"]:
        return node[int(step["index"]) :][:1]
    return [item for item in node if str(json_path(item, "." + step["key"])[0:1]) == str([step["value"]])]
