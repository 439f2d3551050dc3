"""Words that are themselves the criterion: refused where the product has others, unless the run accepts them."""

from __future__ import annotations

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.outcomes import Unmet

CREATED = Deviation("calls.create_session.status", "201", "202")


def test_words_of_the_plan_are_kept() -> None:
    expect.contract.words_kept("plan", [], accepted=False)


def test_other_words_fail_and_say_how_to_accept_them() -> None:
    with pytest.raises(Unmet) as caught:
        expect.contract.words_kept("own", [CREATED], accepted=False)
    assert caught.value.expected == "calls.create_session.status '201'"
    assert caught.value.actual == "calls.create_session.status '202'"
    assert "-D accept-deviations" in caught.value.likely


def test_other_words_are_accepted_where_the_run_does() -> None:
    expect.contract.words_kept("own", [CREATED], accepted=True)
