"""StreamSpace's agents: their heartbeats, their outages, and how they share the sessions."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.agents import (
    balance,
    fleet,
    heartbeats,
    network_outage,
    queued_commands,
    undisturbed,
)
from streamspace_acceptance.domain.agents.heartbeats import Pace
from streamspace_acceptance.domain.agents.logged_transitions import Transitions
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.domain.agents.undisturbed import KeptSessions
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("one agent is online")
def one_agent_is_online(context: Context) -> None:
    fleet.require_online(world(context), 1)


@given("{count:d} agents are online")
def agents_are_online(context: Context, count: int) -> None:
    fleet.require_online(world(context), count)


@given("no agent is online")
def no_agent_is_online(context: Context) -> None:
    fleet.require_online(world(context), 0)


@when("the session is hibernated, and the agents reconnect")
def the_session_is_hibernated_while_offline(context: Context) -> None:
    queued_commands.hibernate_while_offline(world(context))


@when("the agents are scaled to {count:d}")
def the_agents_are_scaled(context: Context, count: int) -> None:
    fleet.scale(world(context), count)


@when("its heartbeats are watched")
def its_heartbeats_are_watched(context: Context) -> None:
    heartbeats.watch_heartbeats(world(context))


@when("its network is cut and restored")
def its_network_is_cut(context: Context) -> None:
    network_outage.cut_off(world(context))


@then("its heartbeats follow the plan's interval")
def its_heartbeats_follow_the_interval(context: Context) -> None:
    mean = expect.agents.on_pace(world(context).results[Pace])
    attachments.record_figure("mean time between heartbeats", mean, "s")


@then("the agent is reported offline after two missed heartbeats")
def the_agent_is_reported_offline(context: Context) -> None:
    seconds = expect.agents.offline_in_time(world(context).results[Outage], world(context).budget("offline"))
    attachments.record_figure("offline after the last heartbeat", seconds, "s")


@then("the agent reconnects by itself when its network is restored")
def the_agent_reconnects(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).results[Outage], world(context).budget("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("the API's log records both changes")
def the_log_records_both(context: Context) -> None:
    expect.agents.transitions_logged(world(context).results[Outage], world(context).results[Transitions])


@given('"{user}" and "{other}" work in "{template}" sessions')
def users_work(context: Context, user: str, other: str, template: str) -> None:
    undisturbed.start_to_keep(world(context), user, template)
    undisturbed.start_to_keep(world(context), other, template)


@then("the sessions keep their pods while the agent is offline")
def the_sessions_keep_their_pods(context: Context) -> None:
    expect.sessions.left_alone(world(context).results[KeptSessions], world(context).results[Outage])


@then("the agent is reported offline for as long as it is cut off")
def the_agent_stays_offline(context: Context) -> None:
    expect.agents.stays_offline(world(context).results[Outage])


@then("the agent reconnects in time and stays online")
def the_agent_reconnects_and_stays(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).results[Outage], world(context).budget("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("every session still runs, and its desktop opens")
def every_session_still_runs(context: Context) -> None:
    expect.sessions.usable(undisturbed.look_at_kept(world(context)))


@then("the command is accepted and queued")
def the_command_is_queued(context: Context) -> None:
    expect.commands.queued(world(context).results[QueuedCommand], world(context).profile)


@then("the command is carried out once the agents reconnect")
def the_command_is_carried_out(context: Context) -> None:
    expect.commands.carried_out(world(context).results[QueuedCommand])


@then("the command is carried out only once")
def the_command_is_carried_out_once(context: Context) -> None:
    expect.commands.carried_out_once(world(context).results[QueuedCommand])


@then("the session's status matches the cluster before and after")
def the_status_matches(context: Context) -> None:
    expect.commands.status_truthful(world(context).results[QueuedCommand], world(context).profile)


@then("all {count:d} agents connect")
def all_agents_connect(context: Context, count: int) -> None:
    expect.agents.connected(fleet.wait_for_online(world(context), count), count)


@then("the sessions are spread over the agents")
def the_sessions_are_spread(context: Context) -> None:
    expect.agents.spread(balance.balance(world(context)))


@then("each agent serves its share of them, give or take {tolerance:d}")
def each_agent_serves_its_share(context: Context, tolerance: int) -> None:
    difference = expect.agents.balanced(balance.balance(world(context)), tolerance)
    attachments.record_figure("farthest from the mean", difference, "sessions")
