"""A session: asked for, started, put to sleep and woken."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import startup_phases
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('the "{template}" template is on offer')
def the_template_is_on_offer(context: Context, template: str) -> None:
    expect.templates.offered(template, world(context).run.api.template_names())


@given('"{user}" has a running "{template}" session')
def a_user_has_a_running_session(context: Context, user: str, template: str) -> None:
    world(context).start(user, template)


@given('"{user}" has a running "{template}" session of {size} size')
def a_user_has_a_running_session_of_size(context: Context, user: str, template: str, size: str) -> None:
    world(context).start(user, template, size)


@given("the session is hibernated")
def the_session_sleeps(context: Context) -> None:
    world(context).hibernate()
    expect.pods.none_left(world(context).session, world(context).wait_for_no_pod(within="hibernation"))
    expect.sessions.status_agreed(*world(context).wait_for_both("hibernated", within="hibernation"))


@when('"{user}" asks for a "{template}" session of {size} size')
def a_user_asks_for_a_session(context: Context, user: str, template: str, size: str) -> None:
    world(context).ask(user, template, size)


@when('"{user}" starts {count:d} "{template}" sessions of {size} size, one after the other')
def a_user_starts_sessions(context: Context, user: str, count: int, template: str, size: str) -> None:
    world(context).start_series(count, user, template, size)


@when('{count:d} users ask for a "{template}" session of {size} size at the same time')
def users_ask_together(context: Context, count: int, template: str, size: str) -> None:
    world(context).ask_together(count, template, size)


@when("the session is hibernated")
def the_session_is_hibernated(context: Context) -> None:
    world(context).hibernate()


@when("the session is woken")
def the_session_is_woken(context: Context) -> None:
    world(context).wake()


@then('the API answers "{status:d} Created"')
def the_api_answers(context: Context, status: int) -> None:
    expect.sessions.answered(world(context).creation.answer, status)


@then('the answer holds the session\'s id, its name and the status "{status}"')
def the_answer_identifies_the_session(context: Context, status: str) -> None:
    expect.sessions.identified(world(context).creation, status)


@then("the session is listed in Kubernetes")
def the_session_is_listed(context: Context) -> None:
    expect.sessions.listed(world(context).creation, *world(context).wait_for_object())


@then("each of them reaches Running")
def each_reaches_running(context: Context) -> None:
    expect.sessions.series_running(world(context).starts)
    expect.sessions.still_running(world(context).run.profile.statuses["running"], world(context).starts.statuses())


@then("their mean startup time is within the {budget:Budget} budget")
def the_mean_is_within(context: Context, budget: str) -> None:
    mean = expect.sessions.mean_below(world(context).starts, world(context).run.budgets.named(budget))
    attachments.record_figure("mean startup time", mean, "s")
    attachments.record_figures(startup_phases.means(world(context).starts.phases))


@then("the session's status becomes Hibernated")
def the_status_becomes_hibernated(context: Context) -> None:
    expect.sessions.status_agreed(*world(context).wait_for_both("hibernated", within="hibernation"))


@then("the session's status returns to Running")
def the_status_returns_to_running(context: Context) -> None:
    expect.sessions.status_agreed(*world(context).wait_for_both("running", within="wake"))
    expect.desktops.vnc_answers_again(world(context).session, *world(context).wait_for_desktop(within="wake"))


@then("all of these sessions reach Running")
def all_of_them_reach_running(context: Context) -> None:
    expect.sessions.batch_running(world(context).crowd)
