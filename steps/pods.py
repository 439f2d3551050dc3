"""The pod that serves a session."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.sessions.starts import Starts
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when("the session's pod is deleted")
def the_pod_is_deleted(context: Context) -> None:
    lifecycle = world(context).lifecycle
    lifecycle.delete_pod()


@then("a pod named after the session is created")
def a_pod_named_after_the_session(context: Context) -> None:
    lifecycle = world(context).lifecycle
    expect.pods.named_after(lifecycle.session, lifecycle.wait_for_pods())


@then("every pod is Ready, 1/1")
def every_pod_is_ready(context: Context) -> None:
    starts = world(context).results[Starts]
    expect.pods.ready(starts.ready_pods(within="start"))


@then("another pod serves the session within the {budget:Budget} budget")
def another_pod_serves_the_session(context: Context, budget: str) -> None:
    lifecycle = world(context).lifecycle
    pod = lifecycle.wait_for_new_pod(within=budget)
    expect.pods.replaced(lifecycle.former, by=pod, pods=lifecycle.session.pods())


@then("the session goes on in another pod within the {budget:Budget} budget")
def the_session_goes_on(context: Context, budget: str) -> None:
    lifecycle = world(context).lifecycle
    pod = lifecycle.wait_for_new_pod(within=budget)
    expect.pods.replaced(lifecycle.former, by=pod, pods=lifecycle.session.pods())
    expect.sessions.status_agreed(*lifecycle.wait_for_status("running", within=budget))
    expect.desktops.vnc_answers_again(lifecycle.session, *lifecycle.wait_for_vnc(within=budget))


@then("no pod of the session is left within the {budget:Budget} budget")
def no_pod_is_left(context: Context, budget: str) -> None:
    lifecycle = world(context).lifecycle
    expect.pods.none_left(lifecycle.session, lifecycle.wait_for_no_pod(within=budget))
