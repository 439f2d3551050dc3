"""Parameters of which `make test` takes a sample, and `make proof` the rest."""

from collections.abc import Iterable

import pytest


def sample(values: Iterable[object], *kept: int) -> list[object]:
    """The values for `parametrize`: those at the places `kept` are the sample, the others are marked `whole`."""
    return [value if place in kept else _left_out(value) for place, value in enumerate(values)]


def _left_out(value: object) -> object:
    """A tuple holds one value for each of several parameters."""
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.whole)
