"""The patience with sessions and VNC servers: less after those awaited in vain, all of it after a success."""

from contextlib import suppress

import pytest

from streamspace_acceptance.domain.start_patience import IN_VAIN, DesktopPatience, StartPatience
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget

START = Budget("start", 120.0, 1.0)


def fail(patience: StartPatience, number: int) -> None:
    with patience.awaiting(START):
        raise Unmet(f"session s-{number}", expected="Running", actual="Pending for 120.0 s", likely="?")


def impatient() -> StartPatience:
    patience = StartPatience()
    for number in range(IN_VAIN):
        with pytest.raises(Unmet):
            fail(patience, number)
    return patience


def test_start_patience_is_whole_at_first() -> None:
    with StartPatience().awaiting(START) as budget:
        assert budget.seconds == 120.0


def test_start_patience_is_less_after_several_in_vain() -> None:
    patience = impatient()
    with pytest.raises(Unproven) as caught:
        fail(patience, 4)
    assert caught.value.reason == (
        "no session starts: 3 in a row failed within the start budget (120 s) (the first: session s-0: Pending for "
        "120.0 s), so this one was given 40 s alone: Pending for 120.0 s"
    )


def test_start_patience_is_whole_again_after_a_start() -> None:
    patience = impatient()
    with patience.awaiting(START) as budget:
        assert budget.seconds == 40.0
    with patience.awaiting(START) as budget:
        assert budget.seconds == 120.0
    with pytest.raises(Unmet):
        fail(patience, 5)


def test_start_patience_ignores_other_errors() -> None:
    patience = StartPatience()
    for _ in range(IN_VAIN + 1):
        with suppress(ValueError), patience.awaiting(START):
            raise ValueError("a mistake of the suite")
    with patience.awaiting(START) as budget:
        assert budget.seconds == 120.0


def test_desktop_patience_is_less_until_one_answers() -> None:
    patience = DesktopPatience()
    assert patience.allow(START) == START
    patience.note(answered=False)
    assert patience.allow(START).seconds == 40.0
    patience.note(answered=True)
    assert patience.allow(START) == START
