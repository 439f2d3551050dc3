"""Mouse and keyboard in the desktop of a session."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Milliseconds
from streamspace_acceptance.domain.interaction import input_lag, pointing, special_keys, typing
from streamspace_acceptance.domain.interaction.pointing import Clicking, Scrolling
from streamspace_acceptance.domain.interaction.special_keys import Pressed
from streamspace_acceptance.domain.interaction.typing import Typed
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('"{user}" has a "{template}" session open in a browser')
def a_user_has_a_session_open(context: Context, user: str, template: str) -> None:
    actions.start(world(context), user, template)
    actions.open_desktop(world(context))


@when("the user clicks on 5 marks, in the corners and in the middle of a window")
def the_user_clicks_on_marks(context: Context) -> None:
    pointing.click(world(context))


@when("the user turns the mouse wheel {up:d} notches up and {down:d} notches down over a window")
def the_user_turns_the_wheel(context: Context, up: int, down: int) -> None:
    pointing.scroll(world(context), up, down)


@when("the user types '{command}' and Enter in a terminal, and then every character of a keyboard")
def the_user_types_a_command(context: Context, command: str) -> None:
    typing.type_command(world(context), command)


@when("the user presses Ctrl+C, Alt+X, Tab, the arrow keys and 17 others in a window")
def the_user_presses_special_keys(context: Context) -> None:
    special_keys.press_keys(world(context))


@when("the user toggles an indicator {presses:d} times by key and {clicks:d} times by mouse")
def the_user_toggles_an_indicator(context: Context, presses: int, clicks: int) -> None:
    input_lag.measure(world(context), presses, clicks)


@then("every click lands on its mark")
def every_click_lands(context: Context) -> None:
    expect.interaction.clicked_as_aimed(world(context).results[Clicking])


@then("the window is scrolled up, then down by as much")
def the_window_is_scrolled(context: Context) -> None:
    expect.interaction.scrolled(world(context).results[Scrolling])


@then('the terminal shows "{output}", and every character as typed')
def the_terminal_shows(context: Context, output: str) -> None:
    expect.interaction.executed(world(context).results[Typed], output)


@then("each key arrives unchanged")
def each_key_arrives(context: Context) -> None:
    expect.interaction.special_keys_arrived(world(context).results[Pressed])


@then("the indicator changes within {limit:Milliseconds} (90th percentile)")
def the_indicator_changes(context: Context, limit: Milliseconds) -> None:
    expect.interaction.lag_below(world(context).results[InputLag], limit)
