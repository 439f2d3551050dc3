"""The lists of sessions that the API gives while many of them are followed, each kept in little memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from streamspace_acceptance.domain.sessions.listing import completed
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import Listed, SessionList, StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer, RateLimited
from streamspace_acceptance.waiting import Stamped, now

LIMITED_SECONDS = 1.0
"""The API is not asked again for so long after it has limited the rate of calls: creations may share that limit."""
PARTS = 128
"""A look at thousands of sessions keeps those parts of the list alone that have changed since the look before."""


@dataclass(frozen=True)
class Look:
    """One list of the API, asked for at that moment, or why there was none. `limited`: too many had been asked for.

    `parts` are the sessions of the list by their ids, wherever they stand in it. A part that is as in the look before
    is that look's own.
    """

    parts: tuple[tuple[Listed, ...], ...] | None
    error: str = ""
    asked: float = 0.0
    limited: bool = False

    @property
    def listed(self) -> SessionList | None:
        """The whole list, in no order; None when there was none."""
        return None if self.parts is None else SessionList(tuple(chain.from_iterable(self.parts)))


def last_list(looks: Sequence[Stamped[Look]]) -> SessionList | None:
    """The newest list of the API; None while there is none."""
    return next((look.item.listed for look in reversed(looks) if look.item.parts is not None), None)


def look_at(api: StreamSpaceApi, own: Set[str] = frozenset()) -> Callable[[], Look]:
    """A function that asks for one list; what keeps it from getting one is an answer too.

    The sessions `own`, to which others may be added, are asked for alone where the list leaves them out, until they
    have gone.

    Entries and parts that have not changed are those of the list before: each list of a thousand would else take its
    own memory.
    """
    known: dict[str, Listed] = {}
    gone = set[str]()
    limits = list[float]()
    before: list[tuple[Listed, ...]] = [()] * PARTS

    def remembered(listed: Listed) -> Listed:
        if known.get(listed.id) != listed:
            known[listed.id] = listed
        return known[listed.id]

    def look() -> Look:
        asked = now()
        if limits and asked < limits[-1] + LIMITED_SECONDS:
            return Look(None, "the API limits the rate of calls", asked, limited=True)
        try:
            wanted = own - gone
            listed = completed(api, api.sessions(), wanted)
        except (Unmet, NoAnswer) as error:
            limited = isinstance(error, RateLimited) or (isinstance(error, Unmet) and error.actual.startswith("429 "))
            if limited:
                limits[:] = [asked]
            return Look(None, " ".join(str(error).split()), asked, limited)
        gone.update((wanted - listed.ids) & known.keys())
        sessions = list(map(remembered, listed.sessions))
        parts: list[list[Listed]] = [[] for _ in range(PARTS)]
        for session in sessions:
            parts[hash(session.id) % PARTS].append(session)
        before[:] = [old if old == (new := tuple(part)) else new for old, part in zip(before, parts, strict=True)]
        return Look(tuple(before), asked=asked)

    return look
