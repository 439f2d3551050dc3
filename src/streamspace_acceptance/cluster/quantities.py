"""Kubernetes quantities: the same amount can be written in several ways, and Kubernetes itself rewrites them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity

_QUANTITY = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII)
"""The client's own parser also takes `NaN`, `1_000`, `1K` and blanks."""


def amount(text: str) -> Decimal:
    """The amount that a quantity stands for, in cores or bytes; ValueError for any other text."""
    if not _QUANTITY.fullmatch(text):
        raise ValueError(f"{text!r} is not a quantity")
    parse: Callable[[str], Decimal] = parse_quantity  # untyped
    return parse(text)


def same(first: object, second: object) -> bool:
    """Whether both are quantities, and of the same amount."""
    try:
        return isinstance(first, str) and isinstance(second, str) and amount(first) == amount(second)
    except ValueError:
        return False
