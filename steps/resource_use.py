"""The resources that StreamSpace itself uses, and the nodes' capacity."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance import charts, resource_profile
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('{count:d} users work in a "{template}" session each')
def users_work(context: Context, count: int, template: str) -> None:
    resource_profile.record(world(context), count, template)


@then("the API pod uses less than {limit:d}m CPU at {sessions:d} sessions (mean over the window)")
def the_api_uses_cpu(context: Context, limit: int, sessions: int) -> None:
    found = resource_profile.judged(world(context), sessions)
    attachments.attach_svg("CPU of API", charts.resources(found.profiles, "API", "millicores", limit))
    expect.resource_use.cpu_below(found, "API", limit)


@then("the API pod uses less than {limit:d} MiB of memory at {sessions:d} sessions (peak)")
def the_api_uses_memory(context: Context, limit: int, sessions: int) -> None:
    found = resource_profile.judged(world(context), sessions)
    attachments.attach_svg("memory of API", charts.resources(found.profiles, "API", "memory_peak", limit))
    expect.resource_use.memory_below(found, "API", limit)


@then("the agent pod uses less than {limit:d}m CPU at {sessions:d} sessions (mean over the window)")
def the_agent_uses_cpu(context: Context, limit: int, sessions: int) -> None:
    found = resource_profile.judged(world(context), sessions)
    attachments.attach_svg("CPU of agent", charts.resources(found.profiles, "agent", "millicores", limit))
    expect.resource_use.cpu_below(found, "agent", limit)


@then("the agent pod uses less than {limit:d} MiB of memory at {sessions:d} sessions (peak)")
def the_agent_uses_memory(context: Context, limit: int, sessions: int) -> None:
    found = resource_profile.judged(world(context), sessions)
    attachments.attach_svg("memory of agent", charts.resources(found.profiles, "agent", "memory_peak", limit))
    expect.resource_use.memory_below(found, "agent", limit)


@then("no node's capacity is exceeded at {sessions:d} sessions")
def no_nodes_capacity_is_exceeded(context: Context, sessions: int) -> None:
    running = expect.resource_use.nodes_suffice(resource_profile.judged(world(context), sessions))
    attachments.record_figure("sessions within the nodes' capacity", running, "sessions")
