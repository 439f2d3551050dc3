"""The resources of a session: given, refused and kept to."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.resources import enforcement, granted, oversized_requests
from streamspace_acceptance.domain.resources.enforcement import Enforcement
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('"{user}" requests "{template}" sessions larger than any node, and one that fits')
def a_user_requests_too_much(context: Context, user: str, template: str) -> None:
    oversized_requests.request_too_much(world(context), user, template)


@when("programs in it try to exceed its CPU and memory limits")
def programs_try_to_exceed_limits(context: Context) -> None:
    enforcement.exceed_limits(world(context))


@then("its pod gets exactly the requested resources")
def its_pod_gets_what_was_requested(context: Context) -> None:
    expect.resources.given_exactly(granted.granted(world(context)))


@then("each oversized request is refused with a reason and creates nothing")
def too_much_is_refused(context: Context) -> None:
    expect.resources.refused_as_too_much(world(context).results[OversizedRequests])


@then("they are held to its limits, and the session keeps running")
def they_are_held_to_limits(context: Context) -> None:
    expect.resources.kept_to_limits(world(context).results[Enforcement])
