"""A wait for several sessions ends once no further one comes to run."""

from streamspace_acceptance.domain.performance.stall import Stall
from streamspace_acceptance.waiting import Budget, Wait
from tests.support.clock import FakeClock


def test_stall_begins_with_the_last_session_that_came_to_run() -> None:
    clock = FakeClock()
    stall = Stall(Wait("50 sessions", "all Running", Budget("x", 600.0, 1.0), clock=clock), Budget("start", 120.0, 1.0))
    clock.seconds += 100.0
    assert stall.reason(1) is None
    clock.seconds += 100.0
    assert stall.reason(1) is None
    clock.seconds += 21.0
    assert stall.reason(1) == "no further session came to run for 121.0 s"
    assert stall.reason(2, at=clock.now() - 1.0) is None
