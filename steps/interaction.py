"""What a user does with mouse and keyboard."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('"{user}" has a "{template}" session open in a browser')
def a_user_has_a_session_open(context: Context, user: str, template: str) -> None:
    world(context).start(user, template)
    world(context).open_desktop()


@when("the user clicks on marks in the corners and in the middle of a window, and turns the wheel both ways")
def the_user_clicks_on_marks(context: Context) -> None:
    world(context).interaction.point(world(context).desk)


@when("the user types '{text}' into a window, and then every character of a keyboard")
def the_user_types(context: Context, text: str) -> None:
    world(context).interaction.type_text(world(context).desk, text)


@when("the user presses Ctrl, Alt, Tab, arrow keys and others in a window")
def the_user_presses_special_keys(context: Context) -> None:
    world(context).interaction.press_keys(world(context).desk)


@when("the user switches a lamp by key and by mouse, over and over")
def the_user_switches_a_lamp(context: Context) -> None:
    world(context).interaction.measure_lag(world(context).desk)


@then("every click lands on its mark")
def every_click_lands(context: Context) -> None:
    expect.interaction.clicked_as_aimed(world(context).interaction.pointing)


@then("the window is scrolled both ways")
def the_window_is_scrolled(context: Context) -> None:
    expect.interaction.scrolled(world(context).interaction.pointing)


@then("the text is received and shown as it was typed")
def the_text_is_received(context: Context) -> None:
    expect.interaction.typed(world(context).interaction.typed)


@then("each key arrives as what it is")
def each_key_arrives(context: Context) -> None:
    expect.interaction.special_keys_arrived(world(context).interaction.pressed)


@then("the lamp answers within the limit of input lag")
def the_lamp_answers(context: Context) -> None:
    milliseconds = expect.interaction.lag_below(world(context).interaction.lag, world(context).run.budgets.input_lag)
    attachments.record_figure("input lag (90th percentile)", milliseconds, "ms")
