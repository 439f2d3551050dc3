"""Custom resources: what a CustomResourceDefinition makes the API serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamspace_sandbox.kubernetes.store import Store


class CustomResources:
    """The custom kinds that are served at the moment; follows the definitions in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
