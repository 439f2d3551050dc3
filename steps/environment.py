"""The environment that the plan sets up first: tools, images, deployed components, and the login."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("a StreamSpace that is built and deployed from images")
def a_streamspace_from_images(context: Context) -> None:
    deployment = world(context).deployment
    deployment.require_images()


@given("the StreamSpace under test")
def the_streamspace_under_test(context: Context) -> None:
    attachments.attach_text("target", world(context).target)


@when("the versions of kubectl, Helm and Docker are read")
def the_versions_are_read(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_tools()


@when("the checkout, if one is set, is built and deployed")
def its_checkout_is_rolled_out(context: Context) -> None:
    deployment = world(context).deployment
    deployment.roll_out()


@when("its cluster is examined")
def its_cluster_is_examined(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look()


@when("the administrator's credentials are looked up")
def the_credentials_are_looked_up(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look_for_credentials()


@when("its agents are listed")
def its_agents_are_listed(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_for_agents()


@then("a kubectl client is installed")
def kubectl_is_installed(context: Context) -> None:
    expect.environment.meets("0-2", world(context).deployment)


@then("Helm is a 3.x release, never 4.0.x")
def helm_is_allowed(context: Context) -> None:
    expect.environment.meets("0-3", world(context).deployment)


@then("the Docker engine answers")
def the_docker_engine_answers(context: Context) -> None:
    expect.environment.meets("0-4", world(context).deployment)


@then("both StreamSpace images are built and loaded")
def both_images_are_loaded(context: Context) -> None:
    expect.environment.meets("0-5", world(context).deployment)


@then("the Kubernetes cluster answers")
def the_cluster_answers(context: Context) -> None:
    expect.environment.meets("0-1", world(context).deployment)


@then("the namespace exists")
def the_namespace_is_there(context: Context) -> None:
    expect.environment.meets("0-6", world(context).deployment)


@then("the PostgreSQL, Redis, API and agent pods are each Ready, 1/1")
def each_component_is_ready(context: Context) -> None:
    expect.environment.meets("0-7", world(context).deployment)


@then('the API\'s health answer says "ok"')
def the_health_answer_says_ok(context: Context) -> None:
    expect.environment.meets("0-8", world(context).deployment)


@then("the administrator's name and password are found")
def the_credentials_are_found(context: Context) -> None:
    expect.environment.meets("0-9", world(context).deployment)


@then("a login returns a token that the API accepts")
def a_login_returns_a_token(context: Context) -> None:
    expect.environment.meets("0-10", world(context).deployment)


@then("at least one agent is online")
def an_agent_is_online(context: Context) -> None:
    expect.environment.meets("0-11", world(context).deployment)
