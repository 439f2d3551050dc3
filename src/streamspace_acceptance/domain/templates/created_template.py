"""Templates as they are described and as they read: where the two differ."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from streamspace_acceptance.cluster.image_names import plain
from streamspace_acceptance.cluster.quantities import same
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer

Json = dict[str, Any]
IMAGE, AMOUNTS = "image", "resources."
NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""The answers to a call for a template that is not there, or no longer."""


@dataclass(frozen=True)
class CreatedTemplate:
    """The result of creating a template: how it was described, the answer, and its id when it was accepted."""

    described: Json
    answer: Answer
    id: str | None

    @property
    def accepted_id(self) -> str:
        """The id of the template; Unmet when the product did not accept it."""
        if self.id is None:
            raise Unmet(
                self.answer.call,
                expected="a new template",
                actual=self.answer.gist,
                likely="the API refuses the template (see 2.1-1)",
            )
        return self.id


def differences(wanted: Json, found: object, *, among: str = "", partial: bool = False) -> list[str]:
    """The fields of `wanted` that differ in `found`, a sentence each; other fields of `found` do not matter.

    Resources are compared as amounts too, where they are amounts, and images by what they name; all else as it is
    written, types included.
    `partial`: `found` need not have all fields, as the entries of a list that show the most important ones.
    """
    if not isinstance(found, dict):
        return [f"{among or 'the template'} reads {found!r}"]
    troubles = []
    for field, value in wanted.items():
        if partial and field not in found:
            continue
        place = f"{among}.{field}" if among else field
        if isinstance(value, dict):
            troubles += differences(value, found.get(field), among=place, partial=partial)
        elif not _equal(place, value, found.get(field)):
            troubles.append(f"{place} reads {found.get(field)!r}, not {value!r}")
    return troubles


def _equal(place: str, wanted: object, found: object) -> bool:
    if place == IMAGE:
        wanted, found = plain(wanted), plain(found)
    return (type(wanted) is type(found) and wanted == found) or (place.startswith(AMOUNTS) and same(wanted, found))
