"""Several users at once."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.concurrency import checks
from streamspace_acceptance.domain.concurrency.concurrent_use import UseResult
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('{count:d} users have running "{template}" sessions with {size:Resources}')
def users_have_running_sessions(context: Context, count: int, template: str, size: Resources) -> None:
    actions.request_together(world(context), count, template, size)
    expect.sessions.batch_running(world(context).results[ConcurrentRequests], count)


@when("all of them work at the same time, each in a browser, until one ends their own session")
def all_of_them_work(context: Context) -> None:
    checks.work_together(world(context))


@then("each user has a running session")
def each_user_has_a_session(context: Context) -> None:
    expect.users.each_has_a_session(checks.check_created(world(context)))


@then("each session has a pod of its own")
def each_session_has_a_pod(context: Context) -> None:
    expect.users.each_has_a_pod(checks.check_isolated(world(context)))


@then("each session has exactly the requested resources and a volume of its own")
def nothing_is_shared(context: Context) -> None:
    expect.users.no_conflict(checks.check_without_conflict(world(context)))


@then("every desktop is visible and accepts input")
def every_desktop_accepts_input(context: Context) -> None:
    expect.users.reachable(world(context).results[UseResult])


@then("no user finds anything of another user, or notices that one has left")
def no_user_notices_another(context: Context) -> None:
    expect.users.undisturbed(world(context).results[UseResult])
