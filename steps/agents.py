"""StreamSpace's agents: their heartbeats, and what happens while one is cut off."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("one agent is online")
def one_agent_is_online(context: Context) -> None:
    world(context).agents.want_online(1)


@given("{count:d} agents are online")
def so_many_agents_are_online(context: Context, count: int) -> None:
    world(context).agents.want_online(count)


@given("no agent is online")
def no_agent_is_online(context: Context) -> None:
    world(context).agents.want_online(0)


@when("it is put to sleep, and the agents come back")
def it_is_put_to_sleep(context: Context) -> None:
    world(context).give_waiting_order()


@when("the agents are scaled to {count:d}")
def the_agents_are_scaled(context: Context, count: int) -> None:
    world(context).agents.scale(count)


@when("its heartbeats are watched")
def its_heartbeats_are_watched(context: Context) -> None:
    world(context).agents.watch_heartbeats()


@when("its network fails and comes back")
def its_network_fails(context: Context) -> None:
    world(context).agents.cut_off()


@then("its heartbeats come at the plan's pace")
def its_heartbeats_come_at_pace(context: Context) -> None:
    mean = expect.agents.on_pace(world(context).agents.pace)
    attachments.record_figure("mean time between heartbeats", mean, "s")


@then("it was called offline after two missed heartbeats")
def it_was_called_offline(context: Context) -> None:
    seconds = expect.agents.offline_in_time(world(context).agents.outage, world(context).run.budgets.named("offline"))
    attachments.record_figure("offline after the last heartbeat", seconds, "s")


@then("it reconnects by itself when its network is back")
def it_reconnects(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).agents.outage, world(context).run.budgets.named("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("the API's log tells of both changes")
def the_log_tells_of_both(context: Context) -> None:
    expect.agents.transitions_logged(world(context).agents.outage, world(context).agents.transitions)


@given('"{user}" and "{other}" are at work in "{template}" sessions')
def users_are_at_work(context: Context, user: str, other: str, template: str) -> None:
    world(context).start_to_keep(user, template)
    world(context).start_to_keep(other, template)


@then("the sessions keep their pods while the agent is gone")
def the_sessions_keep_their_pods(context: Context) -> None:
    expect.sessions.left_alone(world(context).agents.kept, world(context).agents.outage)


@then("the agent is called offline for as long as it is gone")
def the_agent_is_called_offline(context: Context) -> None:
    expect.agents.stays_offline(world(context).agents.outage)


@then("the agent is online again in time, and stays so")
def the_agent_is_online_again(context: Context) -> None:
    seconds = expect.agents.reconnected(world(context).agents.outage, world(context).run.budgets.named("reconnection"))
    attachments.record_figure("online again after", seconds, "s")


@then("every session still runs, and its desktop opens")
def every_session_still_runs(context: Context) -> None:
    expect.sessions.usable(world(context).look_at_kept())


@then("the order is accepted and said to wait")
def the_order_is_accepted(context: Context) -> None:
    expect.commands.queued(world(context).agents.queued_command, world(context).run.profile)


@then("it is carried out once the agents are back")
def it_is_carried_out(context: Context) -> None:
    expect.commands.carried_out(world(context).agents.queued_command)


@then("it is carried out no more than once")
def it_is_carried_out_once(context: Context) -> None:
    expect.commands.carried_out_once(world(context).agents.queued_command)


@then("the session's status is true before and after")
def the_status_is_true(context: Context) -> None:
    expect.commands.status_truthful(world(context).agents.queued_command, world(context).run.profile)


@then("all {count:d} agents connect")
def all_agents_connect(context: Context, count: int) -> None:
    expect.agents.connected(world(context).agents.wait_for_online(count), count)


@then("they are spread over the agents")
def they_are_spread(context: Context) -> None:
    expect.agents.spread(world(context).balance())


@then("each agent serves its share of them, give or take {tolerance:d}")
def each_agent_serves_its_share(context: Context, tolerance: int) -> None:
    difference = expect.agents.balanced(world(context).balance(), tolerance)
    attachments.record_figure("farthest from the mean", difference, "sessions")
