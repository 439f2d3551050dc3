"""The pod that serves a session."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Seconds
from streamspace_acceptance.domain.sessions import actions, other_sessions
from streamspace_acceptance.domain.sessions.starts import Starts
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import then, when
from streamspace_acceptance.world import world


@when("the session's pod is deleted, and then the one that replaced it")
def the_pod_is_deleted(context: Context) -> None:
    actions.lose_pod_twice(world(context))


@then("a pod named after the session is created")
def a_pod_named_after_the_session(context: Context) -> None:
    lifecycle = world(context).lifecycle
    expect.pods.named_after(lifecycle.session, lifecycle.wait_for_pods())


@then("every pod is Ready, 1/1")
def every_pod_is_ready(context: Context) -> None:
    starts = world(context).results[Starts]
    expect.pods.ready(starts.ready_pods(within="start"))


@then("a new pod serves the session within {limit:Seconds}")
def a_new_pod_serves_the_session(context: Context, limit: Seconds) -> None:
    lifecycle, within = world(context).lifecycle, world(context).limit(limit)
    seconds = expect.pods.replaced(lifecycle, by=lifecycle.wait_for_new_pod(within=within))
    expect.sessions.others_left_alone(other_sessions.look(world(context)))
    attachments.record_figure("a new pod Ready after", seconds, "s")


@then("another pod serves the session within {limit:Seconds}")
def another_pod_serves_the_session(context: Context, limit: Seconds) -> None:
    lifecycle, within = world(context).lifecycle, world(context).limit(limit)
    seconds = expect.pods.replaced(lifecycle, by=lifecycle.wait_for_new_pod(within=within))
    expect.sessions.status_agreed(*lifecycle.wait_for_status("running", within=within))
    expect.desktops.vnc_answers_again(lifecycle.session, lifecycle.desktop_again(within=within))
    attachments.record_figure("another pod Ready after", seconds, "s")


@then("the session has 0 pods within {limit:Seconds}")
def the_session_has_no_pods(context: Context, limit: Seconds) -> None:
    lifecycle, within = world(context).lifecycle, world(context).limit(limit)
    seconds = expect.pods.none_left(lifecycle, lifecycle.wait_for_no_pod(within=within))
    expect.sessions.others_left_alone(other_sessions.look(world(context)))
    attachments.record_figure("last pod gone after", seconds, "s")
