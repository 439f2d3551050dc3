"""Kubernetes quantities: `250m`, `512Mi`, `1.5`, `2e3`."""

import re
from decimal import Decimal
from typing import Any

LONGEST = 40
"""Characters of a quantity; no sensible one is longer."""
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(\d+(\.\d*)?|\.\d+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII
)
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def is_quantity(value: Any) -> bool:
    return not isinstance(value, bool) and _match(value) is not None


def parse_quantity(value: str | float) -> Decimal:
    """The number that a quantity stands for, for example 0.25 for `250m`. Raises ValueError."""
    match = _match(value)
    if match is None:
        raise ValueError(f"{value!r} is not a quantity")
    number, suffix = Decimal(match["number"]), match["suffix"] or ""
    if suffix in _BINARY:
        return number * Decimal(1024 ** _BINARY[suffix])
    return number.scaleb(_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))


def _match(value: Any) -> re.Match[str] | None:
    text = str(value)
    return _QUANTITY.fullmatch(text) if len(text) <= LONGEST else None
