"""The volume claims that are left of sessions: by label, else by owner or name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.objects import Claim, Meta
from streamspace_acceptance.domain.sessions.remains import Remains


def left(name: str, owner: str | None = None, **labels: str) -> list[str]:
    claim = Claim(Meta(name, "uid", labels, (("u", owner),) if owner else (), deleting=False), "Bound")
    clients: Any = SimpleNamespace(
        api=SimpleNamespace(
            profile=SimpleNamespace(session_label="session"), sessions=lambda: SimpleNamespace(ids=set())
        ),
        cluster=SimpleNamespace(session_objects=list, pods=list, claims=lambda: [claim]),
    )
    return Remains(clients, ["1"]).by_kind().get("claims", [])


@pytest.mark.parametrize(
    "claim", [left("x", session="1"), left("1-home"), left("x", owner="1"), left("x", owner="1-deployment")]
)
def test_claim_of_a_session_is_left_behind(claim: list[str]) -> None:
    assert claim


@pytest.mark.parametrize(
    "claim", [left("1-home", session="2"), left("12-home"), left("1-home", owner="2"), left("home-of-testuser")]
)
def test_claim_of_another_session_is_not(claim: list[str]) -> None:
    assert claim == []
