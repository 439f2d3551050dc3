"""StreamSpace's agents: their heartbeats, their outages, and how they share the sessions."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Seconds
from streamspace_acceptance.domain.agents import (
    balance,
    fleet,
    heartbeats,
    network_outage,
    queued_commands,
    staying,
    undisturbed,
)
from streamspace_acceptance.domain.agents.fleet import ScaledAt
from streamspace_acceptance.domain.agents.heartbeats import Pace
from streamspace_acceptance.domain.agents.logged_transitions import Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.undisturbed import KeptSessions
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("1 agent is online")
def one_agent_is_online(context: Context) -> None:
    fleet.require_online(world(context), 1)


@given("{count:d} agents are online")
def agents_are_online(context: Context, count: int) -> None:
    fleet.require_online(world(context), count)


@when(
    "two sessions are hibernated, one woken, one requested and one deleted while no agent is online, "
    "and the agents return {delay:Seconds} later"
)
def sessions_are_commanded_while_offline(context: Context, delay: Seconds) -> None:
    queued_commands.command_while_offline(world(context), world(context).limit(delay))


@when("the agents are scaled to {count:d}")
def the_agents_are_scaled(context: Context, count: int) -> None:
    fleet.scale(world(context), count)


@when("{count:d} of its heartbeats are recorded")
def its_heartbeats_are_recorded(context: Context, count: int) -> None:
    heartbeats.watch_heartbeats(world(context), count)


@when("the agent's network is cut until the agent is offline, and then restored")
def the_network_is_cut(context: Context) -> None:
    network_outage.cut_off(world(context))


@then("its heartbeats are {interval:Seconds} apart")
def its_heartbeats_are_apart(context: Context, interval: Seconds) -> None:
    mean = expect.agents.on_pace(world(context).results[Pace], world(context).limit(interval))
    attachments.record_figures([mean])


@then("the agent is offline {window:Seconds} after its last heartbeat")
def the_agent_is_offline(context: Context, window: Seconds) -> None:
    expect.outages.offline_in_time(world(context).results[Outage], world(context).limit(window))


@then("the agent reconnects by itself within {limit:Seconds}")
def the_agent_reconnects(context: Context, limit: Seconds) -> None:
    expect.outages.reconnected(world(context).results[Outage], world(context).limit(limit))


@then("the API's log records that the agent went offline and came online")
def the_log_records_both(context: Context) -> None:
    expect.outages.transitions_logged(world(context).results[Outage], world(context).results[Transitions])


@given('"{user}" and "{other}" work in "{template}" sessions')
def users_work(context: Context, user: str, other: str, template: str) -> None:
    undisturbed.start_to_keep(world(context), user, template)
    undisturbed.start_to_keep(world(context), other, template)


@then("the sessions keep their pods while the agent is offline")
def the_sessions_keep_their_pods(context: Context) -> None:
    expect.sessions.left_alone(world(context).results[KeptSessions], world(context).results[Outage])


@then("the agent is reported offline for as long as it is cut off")
def the_agent_stays_offline(context: Context) -> None:
    expect.outages.stays_offline(world(context).results[Outage])


@then("the agent reconnects within {limit:Seconds} and stays online")
def the_agent_reconnects_and_stays(context: Context, limit: Seconds) -> None:
    outage = world(context).results[Outage]
    expect.outages.reconnected(outage, world(context).limit(limit))
    expect.outages.works_again(outage, undisturbed.try_command(world(context)))


@then("every session is still Running, and its desktop opens")
def every_session_is_still_running(context: Context) -> None:
    expect.sessions.usable(undisturbed.look_at_kept(world(context)))


@then("the API answers that the hibernations and the waking are queued")
def the_command_is_queued(context: Context) -> None:
    expect.commands.queued(world(context).results[QueuedCommand], world(context).profile)


@then("the commands are carried out within {limit:Seconds} of the reconnection")
def the_command_is_carried_out(context: Context, limit: Seconds) -> None:
    seconds = expect.commands.carried_out(world(context).results[QueuedCommand], world(context).limit(limit))
    attachments.record_figure("time from the reconnection to the pod's deletion", seconds, "s")


@then("each command is carried out exactly once")
def the_command_is_carried_out_once(context: Context) -> None:
    expect.commands.carried_out_once(world(context).results[QueuedCommand])


@then("each session's status changes only once its command is carried out")
def the_status_matches(context: Context) -> None:
    expect.commands.status_truthful(world(context).results[QueuedCommand], world(context).profile)


@then("all {count:d} agents connect within {limit:Seconds}")
def all_agents_connect(context: Context, count: int, limit: Seconds) -> None:
    online = fleet.wait_for_online(world(context), count, world(context).limit(limit), once=True)
    seconds = expect.agents.connected(online, count, world(context).results[ScaledAt])
    expect.agents.stayed(staying.look_again(world(context), count))
    attachments.record_figure("time until all are online", seconds, "s")


@then("the sessions are spread over more than one agent")
def the_sessions_are_spread(context: Context) -> None:
    expect.agents.spread(balance.balance(world(context)))


@then("each agent serves the same number of sessions, ±{tolerance:d}")
def each_agent_serves_as_many(context: Context, tolerance: int) -> None:
    expect.agents.balanced(balance.balance(world(context)), tolerance)
