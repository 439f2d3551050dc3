"""The resources of a session: given, refused and kept to."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('"{user}" asks for "{template}" sessions that no machine can hold, and beside them for one that fits')
def a_user_asks_for_too_much(context: Context, user: str, template: str) -> None:
    world(context).resources.request_too_much(user, template)


@when("programs in it try to take more processor and memory than it has")
def programs_try_to_take_too_much(context: Context) -> None:
    world(context).resources.take_too_much(world(context).session, world(context).pod)


@then("its pod gets exactly what was asked for")
def its_pod_gets_what_was_asked_for(context: Context) -> None:
    expect.resources.given_exactly(world(context).given())


@then("what is too much is refused with the reason, and nothing comes of it")
def too_much_is_refused(context: Context) -> None:
    expect.resources.refused_as_too_much(world(context).resources.oversized_requests)


@then("they get no more than the session has, and the session goes on")
def they_get_no_more(context: Context) -> None:
    expect.resources.kept_to_limits(world(context).resources.enforcement)
