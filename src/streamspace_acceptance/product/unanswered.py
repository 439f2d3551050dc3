"""Whose fault it is that a call came to no complete answer: the API's, if it answers other calls meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.http import NoAnswer, Unanswered

FEW = 3
"""So many other calls have to be answered while one hangs: a single one may just have passed a server that stalls."""
CONTROLS = 20
"""So many further calls tell answers that are cut now and then from one that was cut once, as by a network."""
Ask = Callable[[], object]


def failure(error: Unanswered, again: Ask, control: Ask) -> Unmet | None:
    """The failure of an API that does not answer one call, or cuts answers again and again; None if nothing shows that.

    `again` makes the same call, or one like it that changes nothing, `control` another one. Where no answer at all is
    complete, something before the API may cut it off.
    """
    if error.others >= FEW:
        return Unmet(
            error.call,
            expected="an answer",
            actual=f"{error}; meanwhile {error.others} other calls were answered",
            likely="the API answers, but not this call: it hangs",
        )
    if not error.is_cut:
        return None
    try:
        cut = sum(_is_cut(again) for _ in range(CONTROLS))
        if not cut or (cut == CONTROLS and _is_cut(control)):
            return None
    except NoAnswer:
        return None  # the API is away
    return Unmet(
        error.call,
        expected="complete answers",
        actual=f"{error}; {cut} of {CONTROLS} further answers were cut as well",
        likely="the API, or what stands before it, ends answers too early",
    )


def _is_cut(ask: Ask) -> bool:
    try:
        ask()
    except Unanswered as error:
        if error.is_cut:
            return True
        raise
    return False
