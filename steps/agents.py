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
def so_many_agents_are_online(context: Context, count: int) -> None:
    fleet.require_online(world(context), count)


@given("no agent is online")
def no_agent_is_online(context: Context) -> None:
    fleet.require_online(world(context), 0)


@when("it is put to sleep, and the agents come back")
def it_is_put_to_sleep(context: Context) -> None:
    queued_commands.hibernate_while_offline(world(context))


@when("the agents are scaled to {count:d}")
def the_agents_are_scaled(context: Context, count: int) -> None:
    fleet.scale(world(context), count)


@when("its heartbeats are watched")
def its_heartbeats_are_watched(context: Context) -> None:
    heartbeats.watch_heartbeats(world(context))


@when("its network fails and comes back")
def its_network_fails(context: Context) -> None:
    network_outage.cut_off(world(context))


@then("its heartbeats come at the plan's pace")
def its_heartbeats_come_at_pace(context: Context) -> None:
    mean = expect.agents.on_pace(world(context).results[Pace])
    attachments.record_figure("mean time between heartbeats", mean, "s")


@then("it was called offline after two missed heartbeats")
def it_was_called_offline(context: Context) -> None:
    seconds = expect.agents.offline_in_time(world(context).results[Outage], world(context).budget("offline"))
    attachments.record_figure("offline after the last heartbeat", seconds, "s")


@then("it reconnects by itself when its network is back")
def it_reconnects(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).results[Outage], world(context).budget("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("the API's log tells of both changes")
def the_log_tells_of_both(context: Context) -> None:
    expect.agents.transitions_logged(world(context).results[Outage], world(context).results[Transitions])


@given('"{user}" and "{other}" are at work in "{template}" sessions')
def users_are_at_work(context: Context, user: str, other: str, template: str) -> None:
    undisturbed.start_to_keep(world(context), user, template)
    undisturbed.start_to_keep(world(context), other, template)


@then("the sessions keep their pods while the agent is gone")
def the_sessions_keep_their_pods(context: Context) -> None:
    expect.sessions.left_alone(world(context).results[KeptSessions], world(context).results[Outage])


@then("the agent is called offline for as long as it is gone")
def the_agent_is_called_offline(context: Context) -> None:
    expect.agents.stays_offline(world(context).results[Outage])


@then("the agent is online again in time, and stays so")
def the_agent_is_online_again(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).results[Outage], world(context).budget("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("every session still runs, and its desktop opens")
def every_session_still_runs(context: Context) -> None:
    expect.sessions.usable(undisturbed.look_at_kept(world(context)))


@then("the order is accepted and said to wait")
def the_order_is_accepted(context: Context) -> None:
    expect.commands.queued(world(context).results[QueuedCommand], world(context).profile)


@then("it is carried out once the agents are back")
def it_is_carried_out(context: Context) -> None:
    expect.commands.carried_out(world(context).results[QueuedCommand])


@then("it is carried out no more than once")
def it_is_carried_out_once(context: Context) -> None:
    expect.commands.carried_out_once(world(context).results[QueuedCommand])


@then("the session's status is true before and after")
def the_status_is_true(context: Context) -> None:
    expect.commands.status_truthful(world(context).results[QueuedCommand], world(context).profile)


@then("all {count:d} agents connect")
def all_agents_connect(context: Context, count: int) -> None:
    expect.agents.connected(fleet.wait_for_online(world(context).clients, count), count)


@then("they are spread over the agents")
def they_are_spread(context: Context) -> None:
    expect.agents.spread(balance.balance(world(context)))


@then("each agent serves its share of them, give or take {tolerance:d}")
def each_agent_serves_its_share(context: Context, tolerance: int) -> None:
    difference = expect.agents.balanced(balance.balance(world(context)), tolerance)
    attachments.record_figure("farthest from the mean", difference, "sessions")
