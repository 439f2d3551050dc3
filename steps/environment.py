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


@when("the tools are called")
def the_tools_are_called(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_tools()


@when("its checkout, if one is set, is built and deployed")
def its_checkout_is_rolled_out(context: Context) -> None:
    deployment = world(context).deployment
    deployment.roll_out()


@when("its cluster is examined")
def its_cluster_is_examined(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look()


@when("the administrator's credentials are searched for")
def the_credentials_are_searched_for(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look_for_credentials()


@when("its agents are listed")
def its_agents_are_listed(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_for_agents()


@then("a Kubernetes client is installed")
def there_is_a_kubernetes_client(context: Context) -> None:
    expect.environment.meets("0-2", world(context).deployment)


@then("Helm is a release that the plan allows")
def helm_is_allowed(context: Context) -> None:
    expect.environment.meets("0-3", world(context).deployment)


@then("the Docker engine answers")
def the_docker_engine_answers(context: Context) -> None:
    expect.environment.meets("0-4", world(context).deployment)


@then("both of its images are built and loaded")
def its_images_are_loaded(context: Context) -> None:
    expect.environment.meets("0-5", world(context).deployment)


@then("the cluster answers")
def the_cluster_answers(context: Context) -> None:
    expect.environment.meets("0-1", world(context).deployment)


@then("the namespace exists")
def the_namespace_is_there(context: Context) -> None:
    expect.environment.meets("0-6", world(context).deployment)


@then("the database, the cache, the API and the agent are each ready")
def each_component_is_ready(context: Context) -> None:
    expect.environment.meets("0-7", world(context).deployment)


@then("the API reports that it is healthy")
def the_api_is_healthy(context: Context) -> None:
    expect.environment.meets("0-8", world(context).deployment)


@then("the credentials are where the plan says")
def the_credentials_are_found(context: Context) -> None:
    expect.environment.meets("0-9", world(context).deployment)


@then("the API accepts them and rejects wrong ones")
def the_api_accepts_them(context: Context) -> None:
    expect.environment.meets("0-10", world(context).deployment)


@then("at least one agent is online")
def an_agent_is_online(context: Context) -> None:
    expect.environment.meets("0-11", world(context).deployment)
