"""The home of a session's user."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.sessions import actions
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('the file "{name}" in its home says "{text}"')
def the_home_has_a_file(context: Context, name: str, text: str) -> None:
    actions.save_file(world(context), name, text)
    expect.homes.saved(*actions.read_file(world(context), name, text))


@when('the user saves "{text}" as the file "{name}" in its home')
def the_user_saves_a_file(context: Context, text: str, name: str) -> None:
    actions.save_file(world(context), name, text)


@then('the file "{name}" in its home says "{text}"')
def the_file_says(context: Context, name: str, text: str) -> None:
    expect.homes.saved(*actions.read_file(world(context), name, text))


@then('the file "{name}" in its home still says "{text}"')
def the_file_still_says(context: Context, name: str, text: str) -> None:
    expect.homes.kept(*actions.read_file(world(context), name, text))
    expect.homes.kept(*actions.read_file_later(world(context), name, text))


@then("its home is on the session's own volume")
def the_home_is_on_its_own_volume(context: Context) -> None:
    expect.homes.on_own_volume(actions.home_volume(world(context)))
