"""Kubernetes quantities: `250m`, `512Mi`, `1.5`, `2e3`."""

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?")
_FACTOR = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def is_quantity(value: Any) -> bool:
    return not isinstance(value, bool) and _QUANTITY.fullmatch(str(value)) is not None


def parse_quantity(value: str | float) -> Decimal:
    """The number that a quantity stands for, for example 0.25 for `250m`. Raises ValueError."""
    found = _QUANTITY.fullmatch(str(value))
    if not found:
        raise ValueError(f"{value!r} is no quantity")
    number, suffix, exponent = Decimal(found[1]), found[2], found[3]
    if exponent:
        return number.scaleb(int(exponent))
    return number * _FACTOR[suffix] if suffix else number
