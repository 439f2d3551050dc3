"""The rate at which sessions are created."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance import charts, throughput
from streamspace_acceptance.domain.performance.bursts import Bursts
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('{count:d} "{template}" sessions with {size:Resources} were started and removed as a warm-up')
def sessions_were_started_and_removed(context: Context, count: int, template: str, size: Resources) -> None:
    throughput.warm_up(world(context), count, template, size)


@when('{count:d} users request a "{template}" session with {size:Resources} in one burst, at least {times:d} times')
def users_request_in_bursts(context: Context, count: int, template: str, size: Resources, times: int) -> None:
    throughput.request_bursts(world(context), times, count, template, size)


@then("at least {limit:d} sessions a minute reach Running")
def so_many_a_minute_reach_running(context: Context, limit: int) -> None:
    bursts = throughput.judged(world(context))
    attachments.attach_svg("slowest burst", charts.throughput(bursts, limit))
    attachments.record_figures(bursts.figures)
    expect.throughput.rate_at_least(bursts, limit)


@then("all sessions of the bursts reach Running")
def all_of_the_bursts_reach_running(context: Context) -> None:
    bursts = world(context).results[Bursts]
    attachments.attach_text("state of each session", bursts.describe())
    expect.throughput.all_running(bursts)


@then("no creation fails")
def no_creation_fails(context: Context) -> None:
    bursts = world(context).results[Bursts]
    attachments.attach_text("answers to the creations", bursts.answers())
    expect.throughput.none_refused(bursts)
