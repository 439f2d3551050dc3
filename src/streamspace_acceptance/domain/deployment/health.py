"""The API's report of its own health."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.waiting import Wait, poll

WELL = frozenset({"ok", "healthy", "up", "pass", "alive", "ready", "green"})
"""Words by which servers say that all is well: they do not change any more."""
CONFIRMATIONS, APART_SECONDS = 8, 0.25
"""So many further answers are asked for, no faster than a gateway allows: one server of two may be the healthy one."""


@dataclass(frozen=True)
class Health:
    """One answer, or none. `well`: a 200 whose body has the profile's word for healthy.

    `hopeless`: why no later answer can be better; None if one can.
    """

    well: bool
    told: str
    answered: bool = True
    answer: Answer | None = None
    hopeless: str | None = None


def ask(api: StreamSpaceApi) -> Health:
    """Requests the health report once, without a token. No answer counts as not healthy."""
    profile = api.profile
    try:
        answer = api.call_as(None, "health")
    except NoAnswer as error:
        return Health(False, f"no answer ({error})", answered=False)
    try:
        word = answer.object().get(profile.fields["health"])
    except Unmet:
        word = None
    return Health(
        answer.status == HTTPStatus.OK and word == profile.statuses["healthy"],
        f"{answer.status} {answer.excerpt(120)}",
        answer=answer,
        hopeless=_hopeless(profile, answer, word),
    )


def _hopeless(profile: Profile, answer: Answer, word: object) -> str | None:
    wanted = profile.statuses["healthy"]
    if answer.status == HTTPStatus.NOT_FOUND:
        return f"the API has no {profile.calls['health'].path}; a contract profile can name its path (docs/profiles.md)"
    if answer.ok and isinstance(word, str) and word != wanted and word.lower() in WELL:
        return f"{word!r} is its word for {wanted!r}; a contract profile can say so (docs/profiles.md)"
    return None


def wait_for_health(api: StreamSpaceApi, wait: Wait) -> Health:
    """A healthy answer that the next ones confirm; Unmet when none comes in time, or a later one is another."""
    first = _first(api, wait)
    later = []
    for _ in range(CONFIRMATIONS):
        wait.clock.wait(APART_SECONDS)
        later.append(ask(api))
    if unwell := [report for report in later if not report.well]:
        raise Unmet(
            wait.subject,
            expected=f"{wait.goal}, each time",
            actual=f"not so in {len(unwell)} of {len(later)} further answers: {unwell[0].told}",
            timeline=wait.timeline.render(),
            likely="one of several servers is not healthy, or the report is not steady",
        )
    return first


def _first(api: StreamSpaceApi, wait: Wait) -> Health:
    return poll(
        wait,
        lambda: ask(api),
        met=lambda found: found.well,
        says=lambda found: found.told,
        likely=lambda found: (
            "the API, its database or its cache; see the API's log"
            if found.answered
            else "the API does not run, or a port-forward has ended with the pod that it led to"
        ),
        impossible=lambda found: found.hopeless,
        every=0.5,
    )
