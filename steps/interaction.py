"""Mouse and keyboard in the desktop of a session."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.interaction import input_lag, pointing, typing
from streamspace_acceptance.domain.interaction.pointing import Pointing
from streamspace_acceptance.domain.interaction.typing import Pressed, Typed
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('"{user}" has a "{template}" session open in a browser')
def a_user_has_a_session_open(context: Context, user: str, template: str) -> None:
    actions.start(world(context), user, template)
    actions.open_desktop(world(context))


@when("the user clicks on marks in the corners and in the middle of a window, and turns the wheel both ways")
def the_user_clicks_on_marks(context: Context) -> None:
    pointing.point(world(context))


@when("the user types '{text}' into a window, and then every character of a keyboard")
def the_user_types(context: Context, text: str) -> None:
    typing.type_text(world(context), text)


@when("the user presses Ctrl, Alt, Tab, arrow keys and others in a window")
def the_user_presses_special_keys(context: Context) -> None:
    typing.press_keys(world(context))


@when("the user toggles an indicator by key and by mouse, repeatedly")
def the_user_toggles_an_indicator(context: Context) -> None:
    input_lag.measure(world(context))


@then("every click lands on its mark")
def every_click_lands(context: Context) -> None:
    expect.interaction.clicked_as_aimed(world(context).results[Pointing])


@then("the window is scrolled both ways")
def the_window_is_scrolled(context: Context) -> None:
    expect.interaction.scrolled(world(context).results[Pointing])


@then("the text is received and shown as it was typed")
def the_text_is_received(context: Context) -> None:
    expect.interaction.typed(world(context).results[Typed])


@then("each key arrives unchanged")
def each_key_arrives(context: Context) -> None:
    expect.interaction.special_keys_arrived(world(context).results[Pressed])


@then("the indicator changes within the input-lag limit")
def the_indicator_changes(context: Context) -> None:
    milliseconds = expect.interaction.lag_below(world(context).results[InputLag], world(context).input_lag_limit)
    attachments.record_figure("input lag (90th percentile)", milliseconds, "ms")
