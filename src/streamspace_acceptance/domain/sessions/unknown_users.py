"""Sessions that a product refuses since it does not know their users: those have to be made before a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from streamspace_acceptance.domain.sessions.creation import Creation

_WHO = r"(?:user|account|owner)s?\b"
UNKNOWN = re.compile(
    rf"\b{_WHO}[^.;]*(?:\bnot found|\bunknown|\bnot known|\bnot exist|n't exist)"
    rf"|\b(?:unknown|no such|not a known) {_WHO}|user_?not_?found|unknown_?user",
    re.IGNORECASE,
)


def refused_for_users(creations: Sequence[Creation | None]) -> str:
    """The product's words, if it refused some of the creations, each for a user that it does not know; else empty."""
    refused = [made for made in creations if made is not None and (made.id is None or not made.answer.ok)]
    words = [made.answer.gist for made in refused if _is_unknown(made)]
    if not words or len(words) < len(refused):
        return ""
    return f"the product does not know {len(words)} of the test's users, which have to be made first: {words[0]}"


def _is_unknown(made: Creation) -> bool:
    answer = made.answer
    is_refusal = answer.status // 100 == 4 and answer.status != HTTPStatus.TOO_MANY_REQUESTS
    return is_refusal and UNKNOWN.search(answer.excerpt()) is not None
