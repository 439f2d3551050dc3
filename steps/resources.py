"""The resources of a session: given, refused and kept to."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.resources import enforcement, granted, oversized_requests
from streamspace_acceptance.domain.resources.enforcement import Enforcement
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when('"{user}" requests "{template}" sessions with these resources:')
def a_user_requests_too_much(context: Context, user: str, template: str) -> None:
    oversized_requests.request_sizes(world(context), user, template, context.table)


@when("programs in it use more CPU and memory than that")
def programs_try_to_exceed_limits(context: Context) -> None:
    enforcement.exceed_limits(world(context))


@then("its pod requests and is limited to exactly these resources")
def its_pod_gets_what_was_requested(context: Context) -> None:
    expect.resources.given_exactly(granted.granted(world(context)))


@then("each oversized request is rejected with a clear error, before any pod exists")
def too_much_is_refused(context: Context) -> None:
    expect.resources.refused_as_too_much(world(context).results[OversizedRequests])


@then("Kubernetes enforces the limits")
def kubernetes_enforces_the_limits(context: Context) -> None:
    expect.resources.kept_to_limits(world(context).results[Enforcement])
