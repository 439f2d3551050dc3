"""The resources of a session: given, refused and kept to."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.resources import enforcement, granted, oversized_requests
from streamspace_acceptance.domain.resources.enforcement import Enforcement
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('"{user}" asks for "{template}" sessions that no machine can hold, and beside them for one that fits')
def a_user_asks_for_too_much(context: Context, user: str, template: str) -> None:
    oversized_requests.request_too_much(world(context), user, template)


@when("programs in it try to take more processor and memory than it has")
def programs_try_to_take_too_much(context: Context) -> None:
    enforcement.exceed_limits(world(context))


@then("its pod gets exactly what was asked for")
def its_pod_gets_what_was_asked_for(context: Context) -> None:
    expect.resources.given_exactly(granted.granted(world(context)))


@then("what is too much is refused with the reason, and nothing comes of it")
def too_much_is_refused(context: Context) -> None:
    expect.resources.refused_as_too_much(world(context).results[OversizedRequests])


@then("they get no more than the session has, and the session goes on")
def they_get_no_more(context: Context) -> None:
    expect.resources.kept_to_limits(world(context).results[Enforcement])
