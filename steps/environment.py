"""The environment that the plan sets up first: tools, images, what is deployed, and the way in."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("a StreamSpace that is built and deployed from images")
def a_streamspace_from_images(context: Context) -> None:
    deployment = world(context).deployment
    deployment.require_images()


@given("the StreamSpace that is to be judged")
def the_streamspace_to_be_judged(context: Context) -> None:
    attachments.attach_text("target", world(context).target)


@when("the tools for that are called")
def the_tools_are_called(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_tools()


@when("its checkout, where one is named, is built and deployed")
def its_checkout_is_rolled_out(context: Context) -> None:
    deployment = world(context).deployment
    deployment.roll_out()


@when("its cluster is looked at")
def its_cluster_is_looked_at(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look()


@when("the administrator's credentials are looked for")
def the_credentials_are_looked_for(context: Context) -> None:
    deployment = world(context).deployment
    deployment.look_for_credentials()


@when("its agents are asked after")
def its_agents_are_asked_after(context: Context) -> None:
    deployment = world(context).deployment
    deployment.ask_for_agents()


@then("there is a Kubernetes client")
def there_is_a_kubernetes_client(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.kubectl_installed(deployment.kubectl)


@then("Helm is a release that the plan allows")
def helm_is_allowed(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.helm_allowed(deployment.helm)


@then("the Docker engine answers")
def the_docker_engine_answers(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.docker_answers(deployment.docker)


@then("both of its images are built and loaded")
def its_images_are_loaded(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.images_loaded(deployment.images, deployment.rollout)


@then("the cluster answers")
def the_cluster_answers(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.cluster_answers(deployment.standing, deployment.client_version)


@then("the namespace is there")
def the_namespace_is_there(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.namespace_there(deployment.namespace)


@then("the database, the cache, the API and the agent are each ready")
def each_component_is_ready(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.components_ready(deployment.wait_for_components())


@then("the API says that it is well")
def the_api_says_that_it_is_well(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.healthy(deployment.wait_for_health())


@then("they are told where the plan looks for them")
def the_credentials_are_told(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.credentials_found(deployment.credentials, deployment.search)


@then("they open the API, and nothing else does")
def they_open_the_api(context: Context) -> None:
    deployment = world(context).deployment
    expect.deployment.login_works(deployment.log_in(), deployment.login_client)


@then("at least one agent is online")
def an_agent_is_online(context: Context) -> None:
    deployment = world(context).deployment
    expect.agents.online(deployment.wait_for_agent())
