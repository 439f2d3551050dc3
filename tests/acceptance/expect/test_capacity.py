"""Each expectation of a ramp holds for a healthy product, and is seen to fail for each reason that it has."""

from __future__ import annotations

from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance.capacity import Recovery, knee_limit
from streamspace_acceptance.outcomes import Unmet, Unproven
from tests.support.load_samples import ramp, step

FULL = {"conditions": ["3 of 10 added sessions do not run"], "reasons": ["the scheduler: Insufficient memory"]}
LIMITED = ramp(step(10), step(20, alive=17, **FULL), step(17), step(18, alive=17, **FULL))


def test_ramp_to_its_end_is_a_result() -> None:
    found = ramp(step(10), step(20), step(30))
    expect.capacity.determined(found)
    assert found.result == "at least 30 sessions: the ramp's end"
    expect.capacity.bottleneck_documented(found)
    assert found.bottleneck == ["none up to the ramp's end (30 sessions)"]
    expect.capacity.all_within_run(found)


def test_capacity_that_was_found_is_a_result() -> None:
    expect.capacity.determined(LIMITED)
    assert [figure.value for figure in LIMITED.figures[:2]] == [17, 18]
    expect.capacity.bottleneck_documented(LIMITED)
    assert LIMITED.bottleneck == ["the scheduler: Insufficient memory"]
    expect.capacity.all_within_run(LIMITED)


def test_ramp_that_stopped_between_two_numbers_is_unproven() -> None:
    with pytest.raises(Unproven, match="did not finish"):
        expect.capacity.determined(ramp(step(10), step(20, alive=17, **FULL)))


def test_crash_of_the_product_fails() -> None:
    crash = ["pod streamspace-api-1 of the product was restarted (container api ended: OOMKilled)"]
    found = ramp(step(10), step(20, alive=11, conditions=crash, crashes=crash))
    with pytest.raises(Unmet, match="OOMKilled"):
        expect.capacity.determined(found)
    expect.capacity.bottleneck_documented(found)
    assert found.bottleneck == crash


def test_product_without_any_session_fails() -> None:
    found = ramp(*(step(number, alive=0, **FULL) for number in (10, 5, 2, 1)))
    with pytest.raises(Unmet, match="no session runs"):
        expect.capacity.determined(found)
    with pytest.raises(Unproven, match=r"see 4\.4-1"):
        expect.capacity.all_within_run(found)


def test_machine_without_time_for_any_session_is_unproven() -> None:
    found = ramp(*(step(number, alive=0, busy={"n": 0.99}, **FULL) for number in (10, 5, 2, 1)))
    with pytest.raises(Unproven, match="the machine was the bottleneck"):
        expect.capacity.determined(found)


def test_cluster_outside_its_objectives_is_no_capacity() -> None:
    slow = "the cluster does not keep Kubernetes' own objectives: pods start in 9.0 s (5 s)"
    found = ramp(*(step(number, alive=0, plane_outside=slow, **FULL) for number in (10, 5, 2, 1)))
    with pytest.raises(Unproven, match=r"pods start in 9\.0 s \(5 s\); no session runs"):
        expect.capacity.determined(found)


def test_product_that_does_not_recover_fails() -> None:
    found = ramp(step(10), step(20), step(30))
    found.recovery = Recovery(12.0, None, ["left behind after 12.0 s: session s-1"])
    with pytest.raises(Unmet, match="after the release: left behind"):
        expect.capacity.determined(found)


@pytest.mark.parametrize("machine", [{"busy": {"n": 0.99}}, {"plane_outside": "mutating calls take 2.0 s (1 s)"}])
def test_failure_without_any_reason_on_a_busy_machine_is_unproven(machine: dict[str, Any]) -> None:
    silent = {"conditions": ["8 of 10 added sessions do not run"], **machine}
    found = ramp(step(10), step(20, alive=12, **silent), step(12), step(13, alive=12, **silent))
    with pytest.raises(Unproven, match="; nothing else says why"):
        expect.capacity.bottleneck_documented(found)


def test_failure_without_any_reason_fails() -> None:
    silent = {"conditions": ["8 of 10 added sessions do not run"]}
    found = ramp(step(10), step(20, alive=12, **silent), step(12), step(13, alive=12, **silent))
    with pytest.raises(Unmet, match="nothing says why"):
        expect.capacity.bottleneck_documented(found)
    expect.capacity.determined(found)


def test_session_that_was_lost_within_capacity_fails() -> None:
    loss = ["s-1 lost its pod and is Pending"]
    lost = {"conditions": ["1 of 10 earlier sessions did not survive"], "lost": loss}
    found = ramp(step(10), step(11), step(12, alive=11, **lost))
    with pytest.raises(Unmet, match="s-1 lost its pod"):
        expect.capacity.all_within_run(found)
    expect.capacity.determined(found)
    expect.capacity.bottleneck_documented(found)
    assert found.bottleneck == loss


@pytest.mark.parametrize(("scale", "limit"), [(1.0, 4.5), (0.1, 3.5)])
def test_knee_has_a_fixed_part_of_a_second_at_least(scale: float, limit: float) -> None:
    assert knee_limit(2.0, scale) == pytest.approx(limit)


def test_ramp_shows_each_step_and_what_the_knee_is() -> None:
    text = LIMITED.describe()
    assert "result: 17 sessions; at 18: 3 of 10 added sessions do not run" in text
    assert "median above 3.50 s" in text
    assert "desktops at 10: s-1 answers" in text
    assert "recovery: released in 3.0 s; sessions start in 0.90 s again" in text


def test_release_on_a_saturated_machine_is_unproven() -> None:
    busy = "the machine was the bottleneck: node-1 was 99 % busy"
    found = ramp(step(10), step(20), step(30))
    found.recovery = Recovery(60.0, None, ["s-3 is still listed"], busy)
    with pytest.raises(Unproven, match=r"node-1 was 99 % busy; s-3 is still listed \(at least 30 sessions"):
        expect.capacity.determined(found)
    found.steps.append(step(30, crashes=["pod api-1 of the product was restarted"]))
    with pytest.raises(Unmet, match="api-1"):
        expect.capacity.determined(found)


def test_ramp_whose_users_the_product_does_not_know_is_unproven() -> None:
    found = ramp(step(10, alive=0, conditions=["10 of 10 creations failed"], reasons=["capacity1: 404 no such user"]))
    found.refused = "capacity1: 404 no such user"
    found.search.failed(1, 0)
    for judge in (expect.capacity.determined, expect.capacity.bottleneck_documented):
        with pytest.raises(Unproven, match="no session for the ramp's users: capacity1: 404 no such user"):
            judge(found)
    found.refused = ""
    with pytest.raises(Unmet, match="no session runs"):
        expect.capacity.determined(found)


TAKEN = ["s-1 lost its pod and is Hibernated: the session's idleTimeout is 60 s, and it was held for 70 s"]


def test_ramp_from_which_something_was_taken_is_unproven() -> None:
    found = ramp(step(10), step(20, alive=19, conditions=["1 of 10 earlier sessions did not survive"], taken=TAKEN))
    for judge in (expect.capacity.determined, expect.capacity.bottleneck_documented, expect.capacity.all_within_run):
        with pytest.raises(Unproven, match="the ramp was disturbed: s-1 lost its pod"):
            judge(found)


def test_loss_beside_what_was_taken_still_fails() -> None:
    lost = {"conditions": ["2 of 10 earlier sessions did not survive"], "lost": ["s-2 lost its pod and is Running"]}
    with pytest.raises(Unmet, match="s-2 lost its pod"):
        expect.capacity.all_within_run(ramp(step(10), step(20, alive=18, taken=TAKEN, **lost)))


def test_what_was_taken_from_a_step_that_holds_changes_nothing() -> None:
    found = ramp(step(10), step(20, taken=["pod api-2 of the product: its node n is cordoned"]), step(30))
    expect.capacity.determined(found)
    expect.capacity.all_within_run(found)


def test_crash_during_the_release_fails_on_a_busy_machine_too() -> None:
    found = ramp(step(10), step(20), step(30))
    crash = ["pod streamspace-api-1 of the product was restarted (container api ended: OOMKilled, exit code 137)"]
    found.recovery = Recovery(60.0, None, ["the API's health: 503"], "the machine was the bottleneck", crash)
    with pytest.raises(Unmet, match="OOMKilled"):
        expect.capacity.determined(found)


def test_first_step_that_pulled_images_is_not_the_baseline() -> None:
    found = ramp(step(10, starts=[20.0] * 10), step(20), step(30, starts=[6.0] * 10))
    assert found.baseline == 2.0
    assert "median above 3.50 s" in found.describe()


def test_steps_that_the_knee_does_not_judge_are_named() -> None:
    assert "they add another number: 40" in ramp(step(10), step(20), step(40, added=20)).describe()
