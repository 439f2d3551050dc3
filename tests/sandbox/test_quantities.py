"""Kubernetes quantities."""

from decimal import Decimal
from typing import Any

import pytest

from streamspace_sandbox.quantities import is_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250m", "0.25"), ("512Mi", str(512 << 20)), ("1.5", "1.5"), ("2e3", "2000"), ("1k", "1000"), ("12n", "12e-9")],
)
def test_quantity_stands_for_a_number(text: str, expected: str) -> None:
    assert parse_quantity(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "plenty", "1 Gi", "1GB", "--1", True, "1e", "1e9999", "٣", "1" * 41])
def test_malformed_quantity_is_refused(text: Any) -> None:
    assert not is_quantity(text)
