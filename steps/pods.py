"""The pod that serves a session."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when("the session's pod is deleted")
def the_pod_is_deleted(context: Context) -> None:
    world(context).delete_pod()


@then("a pod named after the session is created")
def a_pod_named_after_the_session(context: Context) -> None:
    pods = world(context).wait_for_pods()
    expect.pods.named_after(world(context).session, pods)


@then("the pod of each is Ready, 1/1")
def the_pod_of_each_is_ready(context: Context) -> None:
    expect.pods.ready(world(context).starts.ready_pods(within="start"))


@then("another pod serves the session within the {budget:Budget} budget")
def another_pod_serves_the_session(context: Context, budget: str) -> None:
    pod = world(context).wait_for_another_pod(within=budget)
    expect.pods.replaced(world(context).former, by=pod, pods=world(context).session.pods())


@then("the session goes on in another pod within the {budget:Budget} budget")
def the_session_goes_on(context: Context, budget: str) -> None:
    pod = world(context).wait_for_another_pod(within=budget)
    expect.pods.replaced(world(context).former, by=pod, pods=world(context).session.pods())
    expect.sessions.status_agreed(*world(context).wait_for_both("running", within=budget))
    expect.desktops.vnc_answers_again(world(context).session, *world(context).wait_for_desktop(within=budget))


@then("no pod of the session is left within the {budget:Budget} budget")
def no_pod_is_left(context: Context, budget: str) -> None:
    expect.pods.none_left(world(context).session, world(context).wait_for_no_pod(within=budget))
