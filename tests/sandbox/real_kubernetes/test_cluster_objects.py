"""A kind of objects is there once the API server says so; at first it says nothing about it."""

import asyncio
from typing import Any, cast

import pytest

from streamspace_sandbox.real_kubernetes.cluster_objects import are_served
from streamspace_sandbox.streamspace.kube.client import Collection, KubeClient, Obj

WANTED = [{"metadata": {"name": "sessions.stream.space"}}]


class _Server:
    def __init__(self, made: Obj | None) -> None:
        self._made = made

    async def find(self, _collection: Collection, name: str) -> Obj | None:
        assert name == "sessions.stream.space"
        return self._made


@pytest.mark.parametrize(
    ("made", "served"),
    [
        (None, False),
        ({}, False),
        ({"status": None}, False),
        ({"status": {"conditions": None}}, False),
        ({"status": {"conditions": [{"type": "Established", "status": "False"}]}}, False),
        ({"status": {"conditions": [{"type": "Established", "status": "True"}]}}, True),
    ],
)
def test_a_kind_is_served_once_it_is_established(made: dict[str, Any] | None, served: bool) -> None:
    assert asyncio.run(are_served(cast("KubeClient", _Server(made)), WANTED)) is served
