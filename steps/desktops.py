"""The desktop of a session, in a browser and on the wire."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("its VNC server is listening")
def its_vnc_server_is_listening(context: Context) -> None:
    expect.desktops.vnc_answers(world(context).session, world(context).session.vnc_within("start"))


@when("the user asks where to see it")
def the_user_asks_where_to_see_it(context: Context) -> None:
    world(context).desk.connect()


@when("the user opens the session in a browser")
def the_user_opens_the_session(context: Context) -> None:
    world(context).open_desktop()


@then("the VNC server of each is listening")
def the_vnc_server_of_each_is_listening(context: Context) -> None:
    expect.desktops.vnc_listening(world(context).starts.listening())


@then("the answer holds a VNC address")
def the_answer_holds_a_vnc_address(context: Context) -> None:
    expect.desktops.address_given(world(context).desk.connection, world(context).run.profile)


@then("a page answers at the VNC address")
def a_page_answers(context: Context) -> None:
    expect.desktops.page_served(world(context).desk.fetch_page())


@then("the noVNC client loads in a browser")
def the_novnc_client_loads(context: Context) -> None:
    expect.desktops.client_loaded(world(context).open_client())


@then("the desktop is visible and responds")
def the_desktop_responds(context: Context) -> None:
    expect.desktops.responds(world(context).desk.probe_input())
