"""The rate at which sessions are created."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance import throughput
from streamspace_acceptance.domain.performance.throughput import Burst
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('{count:d} "{template}" sessions with {size:Resources} were started and removed as a warm-up')
def sessions_were_started_and_removed(context: Context, count: int, template: str, size: Resources) -> None:
    throughput.warm_up(world(context), count, template, size)


@when('{count:d} users request a "{template}" session with {size:Resources} in one burst')
def users_request_in_a_burst(context: Context, count: int, template: str, size: Resources) -> None:
    throughput.request_burst(world(context), count, template, size)


@then("at least {limit:d} sessions a minute reach Running")
def so_many_a_minute_reach_running(context: Context, limit: int) -> None:
    burst = world(context).results[Burst]
    attachments.attach_text("rate", burst.describe())
    attachments.record_figures(burst.figures)
    expect.throughput.rate_at_least(burst, limit)


@then("all sessions of the burst reach Running")
def all_of_the_burst_reach_running(context: Context) -> None:
    burst = world(context).results[Burst]
    attachments.attach_text("state of each session", burst.describe())
    expect.throughput.all_running(burst)


@then("no creation fails")
def no_creation_fails(context: Context) -> None:
    burst = world(context).results[Burst]
    attachments.attach_text("answers to the creations", burst.requests.table())
    expect.throughput.none_refused(burst)
