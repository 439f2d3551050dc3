"""The desktop of a session, in a browser and on the wire."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.sessions import actions, dwell
from streamspace_acceptance.domain.sessions.starts import Starts
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given("its VNC server is listening")
def its_vnc_server_is_listening(context: Context) -> None:
    session = world(context).session
    expect.desktops.vnc_answers(session, session.vnc.handshake_within("start"))


@when("the user requests the connection address")
def the_user_requests_the_address(context: Context) -> None:
    desktop = world(context).desktop
    desktop.request_address()


@when("the user opens the session in a browser")
def the_user_opens_the_session(context: Context) -> None:
    actions.open_desktop(world(context))


@then("every VNC server is listening")
def every_vnc_server_is_listening(context: Context) -> None:
    starts = world(context).results[Starts]
    expect.desktops.vnc_listening(starts.listening())


@then("the answer contains a VNC URL")
def the_answer_contains_a_vnc_url(context: Context) -> None:
    desktop = world(context).desktop
    expect.desktops.address_given(desktop.connection, world(context).profile)


@then('the VNC URL answers "{status:d} OK" with a page')
def the_vnc_url_answers(context: Context, status: int) -> None:
    desktop = world(context).desktop
    expect.desktops.page_served(desktop.fetch_page(), status, late=desktop.page_late)


@then("the noVNC client loads in a browser")
def the_novnc_client_loads(context: Context) -> None:
    expect.desktops.client_loaded(actions.open_client(world(context)))


@then("the desktop is visible and responds")
def the_desktop_responds(context: Context) -> None:
    expect.desktops.keeps_responding(dwell.hold(world(context).desktop))
