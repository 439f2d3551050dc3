"""A session: requested, started, hibernated and woken."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Seconds
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.starts import Starts
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import startup_phases
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('the "{template}" template is available')
def the_template_is_available(context: Context, template: str) -> None:
    expect.templates.offered(template, world(context).template_names)


@given('"{user}" has a running "{template}" session')
def a_user_has_a_running_session(context: Context, user: str, template: str) -> None:
    actions.start(world(context), user, template)


@given('"{user}" has a running "{template}" session with {size:Resources}')
def a_user_has_a_running_session_of_size(context: Context, user: str, template: str, size: Resources) -> None:
    actions.start(world(context), user, template, size)


@given('"{user}" has a running "{template}" session with {size:Resources}, beside another of the same user')
def a_user_has_two_running_sessions(context: Context, user: str, template: str, size: Resources) -> None:
    actions.start_beside(world(context), user, user, template, size)


@given('"{user}" has a running "{template}" session with {size:Resources}, beside one of "{other}"')
def a_user_has_a_running_session_beside(
    context: Context, user: str, template: str, size: Resources, other: str
) -> None:
    actions.start_beside(world(context), other, user, template, size)


@given("the session is hibernated")
def the_session_was_hibernated(context: Context) -> None:
    lifecycle = world(context).lifecycle
    lifecycle.hibernate()
    expect.pods.none_left(lifecycle, lifecycle.wait_for_no_pod(within="hibernation"))
    expect.sessions.status_agreed(*lifecycle.wait_for_status("hibernated", within="hibernation"))


@when('"{user}" requests a "{template}" session with {size:Resources}')
def a_user_requests_a_session(context: Context, user: str, template: str, size: Resources) -> None:
    actions.request_for_judgement(world(context), user, template, size)


@when('"{user}" starts {count:d} "{template}" sessions with {size:Resources}, one after the other')
def a_user_starts_sessions(context: Context, user: str, count: int, template: str, size: Resources) -> None:
    actions.start_series(world(context), count, user, template, size)


@when('{count:d} users request a "{template}" session with {size:Resources} at the same time')
def users_request_together(context: Context, count: int, template: str, size: Resources) -> None:
    actions.request_together(world(context), count, template, size)


@when("the session is hibernated")
def the_session_is_hibernated(context: Context) -> None:
    lifecycle = world(context).lifecycle
    lifecycle.hibernate()


@when("the session is woken, and woken again after a longer hibernation")
def the_session_is_woken(context: Context) -> None:
    actions.wake_twice(world(context))


@then('the API answers "{status:d} Created"')
def the_api_answers(context: Context, status: int) -> None:
    creation, profile = world(context).results[Creation], world(context).profile
    expect.sessions.answered(creation.answer, profile.status_of("create_session", status))


@then('the answer contains the session\'s id, its name and the status "{status}"')
def the_answer_identifies_the_session(context: Context, status: str) -> None:
    expect.sessions.identified(world(context).results[Creation], status)


@then("the session is listed in Kubernetes")
def the_session_is_listed(context: Context) -> None:
    lifecycle = world(context).lifecycle
    expect.sessions.listed(world(context).results[Creation], *lifecycle.wait_for_object())
    expect.sessions.stays_listed(lifecycle.session, lifecycle.object_later())


@then("every session reaches Running")
def each_reaches_running(context: Context) -> None:
    starts, profile = world(context).results[Starts], world(context).profile
    expect.sessions.series_running(starts)
    expect.sessions.status_kept(profile.statuses["running"], starts.statuses())


@then("the mean startup time is below {limit:Seconds}")
def the_mean_is_below(context: Context, limit: Seconds) -> None:
    starts = world(context).results[Starts]
    expect.sessions.mean_below(starts, world(context).limit(limit))
    attachments.record_figures(startup_phases.means(starts.phases))


@then("the session's status becomes Hibernated")
def the_status_becomes_hibernated(context: Context) -> None:
    lifecycle = world(context).lifecycle
    expect.sessions.status_agreed(*lifecycle.wait_for_status("hibernated", within="hibernation"))
    expect.sessions.status_kept(*lifecycle.watch_status("hibernated"))


@then("the session's status returns to Running")
def the_status_returns_to_running(context: Context) -> None:
    lifecycle = world(context).lifecycle
    expect.sessions.status_agreed(*lifecycle.wait_for_status("running", within="wake"))
    expect.desktops.vnc_answers_again(lifecycle.session, lifecycle.desktop_again(within="wake"))
    expect.sessions.status_kept(*lifecycle.watch_status("running"))


@then("all {count:d} sessions reach Running")
def all_of_them_reach_running(context: Context, count: int) -> None:
    expect.sessions.each_its_own(world(context).results[ConcurrentRequests])
    expect.sessions.batch_running(world(context).results[ConcurrentRequests], count)
