"""A status that is watched for a while: what lasts, and what is the first other thing."""

from collections.abc import Iterator
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.sessions.steadiness import watch

RUNNING, PENDING = "Running", "Pending"


class Product:
    """An API that says these of its session, look by look, in the list; and `alone` when asked for it alone."""

    def __init__(self, *listed: str | None, alone: str = RUNNING) -> None:
        self._listed: Iterator[str | None] = chain(listed, repeat(RUNNING))
        self._alone = alone

    def sessions(self) -> Any:
        said = next(self._listed)
        return SimpleNamespace(status=lambda session: said if session == "s-1" else RUNNING)

    def status(self, _session: str) -> str:
        return self._alone


def sessions(product: Product, *ids: str) -> list[Any]:
    return [SimpleNamespace(id=session_id, subject=session_id, api=product, budgets=Budgets(0.1)) for session_id in ids]


@pytest.mark.parametrize(
    ("product", "kept"),
    [
        (Product(), RUNNING),
        (Product(RUNNING, PENDING), PENDING),
        (Product(RUNNING, None), None),
        (Product(alone=PENDING), PENDING),
    ],
)
def test_watch_keeps_the_first_other_status(product: Product, kept: str | None) -> None:
    assert watch(sessions(product, "s-1"), RUNNING) == {"s-1": kept}


def test_watch_of_several_sessions_reads_their_list() -> None:
    product = Product(RUNNING, PENDING, alone="not asked")
    assert watch(sessions(product, "s-1", "s-2"), RUNNING) == {"s-1": PENDING, "s-2": RUNNING}


def test_watch_of_no_sessions_gives_none() -> None:
    assert watch([], RUNNING) == {}
