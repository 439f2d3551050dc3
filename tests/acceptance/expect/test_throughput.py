"""Each expectation of a burst holds for a healthy product, and is seen to fail for each reason that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance.bursts import Bursts
from streamspace_acceptance.measuring.control_plane import ControlPlane
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import Listed
from streamspace_acceptance.product.http import NoAnswer
from tests.support.load_samples import burst

LIMIT = 10


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_burst_above_the_limit_is_proven(scale: float) -> None:
    found = burst(10.5, scale=scale)
    expect.throughput.rate_at_least(found, LIMIT)
    expect.throughput.all_running(found)
    expect.throughput.none_refused(found)


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_burst_below_the_limit_fails(scale: float) -> None:
    with pytest.raises(Unmet, match=r"9\.5 a minute") as caught:
        expect.throughput.rate_at_least(burst(9.5, scale=scale), LIMIT)
    assert "s-20" in caught.value.timeline


def test_burst_on_a_saturated_machine_is_unproven() -> None:
    with pytest.raises(Unproven, match="the machine was the bottleneck: node-1 was 97% busy"):
        expect.throughput.rate_at_least(burst(9.5, busy=0.97), LIMIT)


def test_burst_on_a_saturated_machine_that_is_quick_is_proven() -> None:
    expect.throughput.rate_at_least(burst(10.5, busy=0.97), LIMIT)


@pytest.mark.parametrize("plane", [ControlPlane([6.0], 0.1, "reviews"), ControlPlane([1.0], 1.5, "reviews")])
def test_cluster_outside_its_objectives_proves_nothing(plane: ControlPlane) -> None:
    with pytest.raises(Unproven, match=r"does not keep Kubernetes' own objectives: .* the rate was"):
        expect.throughput.rate_at_least(burst(9.5, plane=plane), LIMIT)
    expect.throughput.rate_at_least(burst(10.5, plane=plane), LIMIT)
    lost = burst(20, plane=plane)
    lost.sessions[12].running = None
    with pytest.raises(Unproven, match=r"does not keep Kubernetes' own objectives: .* 1 never ran: s-13"):
        expect.throughput.all_running(lost)


def test_cluster_within_its_objectives_excuses_nothing() -> None:
    with pytest.raises(Unmet, match=r"9\.5 a minute"):
        expect.throughput.rate_at_least(burst(9.5, plane=ControlPlane([4.9], 0.9, "reviews")), LIMIT)


def test_burst_of_a_late_generator_is_unproven() -> None:
    with pytest.raises(Unproven, match="fell behind"):
        expect.throughput.rate_at_least(burst(20, lag=0.03), LIMIT)


def test_burst_at_the_limit_is_undecided() -> None:
    found = burst(10)
    for session in found.sessions[:10]:
        assert session.running is not None
        session.running += 2.0
    with pytest.raises(Unproven, match=r"lies in the interval of .* would decide"):
        expect.throughput.rate_at_least(found, LIMIT)


def test_session_that_never_ran_is_named() -> None:
    found = burst(20)
    found.sessions[12].running, found.sessions[12].status = None, "Pending"
    with pytest.raises(Unmet, match="1 never ran: s-13 is Pending"):
        expect.throughput.all_running(found)
    expect.throughput.rate_at_least(found, LIMIT)
    expect.throughput.none_refused(found)


def test_session_without_a_ready_pod_did_not_run() -> None:
    found = burst(20)
    found.sessions[3].ready = None
    with pytest.raises(Unmet, match="s-4 is called Running without a Ready pod"):
        expect.throughput.all_running(found)


def test_session_without_a_desktop_did_not_run() -> None:
    found = burst(20)
    found.sessions[3].see_desktop("no ProtocolVersion came")
    with pytest.raises(Unmet, match=r"s-4 is Running without a desktop .no ProtocolVersion came"):
        expect.throughput.all_running(found)


def test_refused_creation_fails_its_own_criterion_alone() -> None:
    found = burst(20, statuses={6: 429, 7: 503})
    with pytest.raises(Unmet, match=r"2 refused: perftest6: 429 .*perftest7: 503"):
        expect.throughput.none_refused(found)
    with pytest.raises(Unproven, match=r"see 4\.1-3"):
        expect.throughput.all_running(found)
    with pytest.raises(Unproven, match=r"see 4\.1-3"):
        expect.throughput.rate_at_least(found, LIMIT)


def test_unanswered_creation_says_nothing_of_the_product() -> None:
    found = burst(20, silent=[6])
    with pytest.raises(NoAnswer, match="1 of 20 creations had no answer of the API: perftest6: refused"):
        expect.throughput.none_refused(found)
    with pytest.raises(Unproven, match="had no answer"):
        expect.throughput.rate_at_least(found, LIMIT)


def test_burst_shows_every_moment_and_its_last_session() -> None:
    found = burst(20)
    text = found.describe()
    assert "s-20" in text
    assert "20.0 a minute" in text
    assert "start lag p99 1.0 ms" in text
    names = [figure.name for figure in found.figures]
    assert names[0] == "throughput"
    assert {"mean time per session", "last session", "total time for 20 sessions"} <= set(names)


def bursts(*rates: float, late: int = 0, least: int = 3) -> Bursts:
    """A burst at each of these rates; the requests of the first `late` ones were late."""
    made = [burst(rate, lag=0.03 if number < late else 0.001).bursts[0] for number, rate in enumerate(rates)]
    return Bursts(made, least)


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        (bursts(15, 16, 15.5), True),
        (bursts(15, 16), False),
        (bursts(10, 16, 22), False),
        (bursts(40, 16, 15, late=1), False),
        (bursts(40, 16, 15, 15.5, late=1), True),
    ],
)
def test_bursts_are_enough_when_the_rate_is_known(found: Bursts, enough: bool) -> None:
    assert found.are_enough is enough


def test_rate_rests_on_the_bursts_that_were_sent_in_time() -> None:
    found = bursts(40, 9, 9.2, 9.1, late=1)
    assert found.rate is not None
    assert found.rate.per_minute == pytest.approx(9.1, abs=0.05)
    assert found.distrust == ""
    assert "fell behind" in bursts(40, 9, 9.2, late=1).distrust


def test_desktops_that_the_suite_may_not_open_are_unproven() -> None:
    found = burst()
    found.sessions[3].desktop_closed = "the user 'perftest4' cannot log in"
    with pytest.raises(Unproven, match=r"may not open 1 of 20 desktops: the user 'perftest4' cannot log in"):
        expect.throughput.all_running(found)
    expect.throughput.rate_at_least(found, 10)


def test_sessions_that_the_cluster_had_no_room_for_are_unproven() -> None:
    found = burst(crowded="the nodes have room for 3 such sessions")
    found.sessions[3].running = None
    with pytest.raises(Unproven, match="room for 3 such sessions; 1 never ran: s-4"):
        expect.throughput.all_running(found)


def test_refusal_by_a_quota_of_the_namespace_is_unproven() -> None:
    words = 'pods "s-9" is forbidden: exceeded quota: team-a, requested: cpu=500m, used: cpu=4, limited: cpu=4'
    with pytest.raises(Unproven, match="a quota of the namespace leaves no room: exceeded quota: team-a"):
        expect.throughput.none_refused(burst(statuses={9: 403}, says=words))
    with pytest.raises(Unmet, match="1 refused"):
        expect.throughput.none_refused(burst(statuses={9: 403}, says="exceeded quota: 5 sessions a user"))


def test_users_whom_the_product_does_not_know_are_to_be_made_first() -> None:
    with pytest.raises(Unproven, match="which have to be made first: 404"):
        expect.throughput.none_refused(burst(statuses={9: 404}, says="There is no user perftest9: user not found"))
    with pytest.raises(Unmet, match="each creation accepted"):
        expect.throughput.none_refused(burst(statuses={9: 404}, says="The template was not found"))


def test_bursts_after_which_sessions_stay_keep_what_they_showed() -> None:
    found = Bursts(burst(20).bursts, 3, "20 sessions of burst 1: left behind: session s-1")
    with pytest.raises(Unproven, match=r"1 of 3 bursts were made: .* left behind: session s-1"):
        expect.throughput.rate_at_least(found, LIMIT)
    expect.throughput.all_running(found)
    expect.throughput.none_refused(found)


def test_session_that_ran_and_did_not_stay_is_named() -> None:
    found = burst(20)
    found.sessions[7].see_last_lists(["Running", "Failed"], "Failed")
    with pytest.raises(Unmet, match="s-8 ran and did not stay: it is Failed"):
        expect.throughput.all_running(found)


def test_creation_that_made_two_sessions_fails() -> None:
    found = burst(20)
    creations = list(found.bursts[0].requests.creations)
    assert creations[4] is not None
    creations[4] = replace(creations[4], others=frozenset({"s-5b"}))
    requests = replace(found.bursts[0].requests, creations=creations)
    with pytest.raises(Unmet, match="perftest5: one request made 2 sessions"):
        expect.throughput.none_refused(Bursts([replace(found.bursts[0], requests=requests)], 1))


def test_session_of_another_user_fails() -> None:
    found = burst(20)
    creations = list(found.bursts[0].requests.creations)
    assert creations[4] is not None
    entry = Listed("s-5", "s-5", "Running", "perftest6", "firefox-browser")
    creations[4] = replace(creations[4], listed=(entry,), others=frozenset({"s-6"}))
    requests = replace(found.bursts[0].requests, creations=creations)
    with pytest.raises(Unmet, match="perftest5 was given s-5, which is perftest6's by the list"):
        expect.throughput.none_refused(Bursts([replace(found.bursts[0], requests=requests)], 1))


def test_session_that_two_requests_were_given_fails_once() -> None:
    found = burst(20)
    creations = list(found.bursts[0].requests.creations)
    assert creations[4] is not None
    creations[5] = replace(creations[4], asked=replace(creations[4].asked, user="perftest6"))
    requests = replace(found.bursts[0].requests, creations=creations)
    shared = Bursts([replace(found.bursts[0], requests=requests)], 1)
    with pytest.raises(Unmet, match="perftest5 and perftest6 were given s-5"):
        expect.throughput.none_refused(shared)
    with pytest.raises(Unproven, match=r"see 4\.1-3"):
        expect.throughput.rate_at_least(shared, LIMIT)
    expect.throughput.all_running(shared)
