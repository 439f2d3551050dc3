"""The number of sessions that run at once."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance import capacity_ramp, charts
from streamspace_acceptance.domain.performance.capacity import SessionCapacity
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring.capacity_search import OPTION, read_ramp
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('users add "{template}" sessions step by step, from 10 to 80')
def users_add_sessions(context: Context, template: str) -> None:
    ramp = read_ramp(context.config.userdata.get(OPTION))
    capacity_ramp.find_capacity(world(context), template, ramp)


@then("the largest number of sessions is determined without a crash")
def the_largest_number_is_determined(context: Context) -> None:
    found = capacity_ramp.judged(world(context))
    attachments.attach_svg("start-up time over the ramp", charts.ramp(found))
    attachments.record_figures(found.figures)
    expect.capacity.determined(found)


@then("the bottleneck is documented")
def the_bottleneck_is_documented(context: Context) -> None:
    found = world(context).results[SessionCapacity]
    attachments.attach_text("bottleneck", found.describe_bottleneck())
    expect.capacity.bottleneck_documented(found)


@then("all sessions within capacity run")
def all_sessions_within_capacity_run(context: Context) -> None:
    found = world(context).results[SessionCapacity]
    attachments.attach_text("sessions within capacity", found.describe())
    expect.capacity.all_within_run(found)
