"""How a session's desktop is streamed to its user."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Duration, Milliseconds
from streamspace_acceptance.domain.interaction import input_lag
from streamspace_acceptance.domain.performance import charts, streaming
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('"{user}" has a "{template}" session with {size:Resources} open in a browser')
def a_user_has_a_sized_session_open(context: Context, user: str, template: str, size: Resources) -> None:
    actions.start(world(context), user, template, size)
    actions.open_desktop(world(context))


@when("its desktop stands still and moves in turn for {time:Duration}")
def its_desktop_moves_in_turn(context: Context, time: Duration) -> None:
    streaming.record(world(context), time)


@then("the WebSocket latency is below {limit:Milliseconds} (90th percentile)")
def the_latency_is_below(context: Context, limit: Milliseconds) -> None:
    found = streaming.judged(world(context))
    attachments.attach_svg("round trips", charts.round_trips(found.trips, limit))
    histogram.record("WebSocket latency", found.trips, "ms")
    expect.streaming.latency_below(found, limit)


@then("the frame rate is at least {limit:d} FPS (mean while it moves)")
def the_frame_rate_is_at_least(context: Context, limit: int) -> None:
    expect.streaming.frame_rate_at_least(streaming.judged(world(context)), limit)


@then("the {kind:Input} input lag is below {limit:Milliseconds} (90th percentile)")
def the_input_lag_is_below(context: Context, kind: str, limit: Milliseconds) -> None:
    lag = input_lag.judged(world(context))
    attachments.attach_svg("input lag", charts.input_lag(lag, kind, limit))
    attachments.keep_distribution(lag.kept(kind))
    expect.streaming.input_lag_below(lag, kind, limit)
