"""The API's report of its own health."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import Wait, poll


@dataclass(frozen=True)
class Health:
    """One answer, or none. `well`: a 200 whose body has the profile's word for healthy."""

    well: bool
    told: str
    answered: bool = True
    answer: Answer | None = None


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
    )


def wait_for_health(api: StreamSpaceApi, wait: Wait) -> Health:
    """The first healthy answer; Unmet when none comes in time."""
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
        every=0.5,
    )
