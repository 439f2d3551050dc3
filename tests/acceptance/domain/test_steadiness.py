"""A status that is watched for a while: what lasts, and what is the first other thing."""

from collections.abc import Iterator
from itertools import chain, cycle, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.sessions import steadiness
from streamspace_acceptance.domain.sessions.steadiness import settled, watch
from streamspace_acceptance.product.profile import load

RUNNING, PENDING, FAILED = "Running", "Pending", "Failed"

ALWAYS = repeat(RUNNING)


@pytest.fixture(autouse=True)
def _short_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steadiness, "BEHIND_SECONDS", 0.35)


class Product:
    """An API that says these of its session, look by look, in the list; and `alone` when asked for it alone."""

    def __init__(self, *listed: str | None, alone: str = RUNNING, later: Iterator[str | None] = ALWAYS) -> None:
        self._listed: Iterator[str | None] = chain(listed, later)
        self._alone = alone
        self.profile = load()

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
        (Product(RUNNING, PENDING), RUNNING),  # a server that is behind
        (Product(RUNNING, None), RUNNING),
        (Product(RUNNING, later=repeat(PENDING)), PENDING),
        (Product(RUNNING, later=repeat(None)), None),
        (Product(later=cycle([RUNNING, PENDING])), PENDING),
        (Product(*[RUNNING] * 6, PENDING), PENDING),  # later than any server is behind
        (Product(RUNNING, FAILED), FAILED),
        (Product(alone=PENDING), PENDING),
    ],
)
def test_watch_keeps_the_first_other_status(product: Product, kept: str | None) -> None:
    assert watch(sessions(product, "s-1"), RUNNING) == {"s-1": kept}


def test_watch_of_several_sessions_reads_their_list() -> None:
    product = Product(RUNNING, alone="not asked", later=repeat(PENDING))
    assert watch(sessions(product, "s-1", "s-2"), RUNNING) == {"s-1": PENDING, "s-2": RUNNING}


def test_watch_of_no_sessions_gives_none() -> None:
    assert watch([], RUNNING) == {}


def test_status_of_a_server_that_is_behind_settles() -> None:
    said = iter([PENDING, RUNNING])
    product = Product()
    product.status = lambda _session: next(said)  # type: ignore[method-assign]
    assert settled(sessions(product, "s-1")[0], RUNNING) == RUNNING
    assert settled(sessions(Product(alone=PENDING), "s-1")[0], RUNNING) == PENDING
