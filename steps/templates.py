"""A template: created, tried with mistakes, changed while it is used, and deleted."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.templates import (
    actions,
    deletion_actions,
    further_templates,
    template_beside,
    woken_session,
)
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.deletion import Deletion
from streamspace_acceptance.domain.templates.mistake_trials import MistakeTrial
from streamspace_acceptance.sentences import Resources, given, then, when
from streamspace_acceptance.world import world


@given('an administrator has described a "{template}" template')
def a_template_is_described(context: Context, template: str) -> None:
    actions.describe(world(context), template)


@given('an administrator has described this "{template}" template:')
def a_template_is_described_by_a_table(context: Context, template: str) -> None:
    actions.describe_by_table(world(context), template, context.table)


@given('a "{template}" template of image "{image}" with {size:Resources}')
def a_template_of_an_image(context: Context, template: str, image: str, size: Resources) -> None:
    actions.describe_provision(world(context), template, image, size)


@given('a running session of "{user}" and a hibernated one of "{other}" use the template')
def two_sessions_use_the_template(context: Context, user: str, other: str) -> None:
    actions.use(world(context), 1, user)
    woken_session.hibernate_one(world(context), other)


@given('a "{template}" template with {count:d} running session of "{user}"')
def a_template_with_a_session(context: Context, template: str, count: int, user: str) -> None:
    actions.provide(world(context), template, count, user)


@given('a "{template}" template with {count:d} running sessions of "{user}"')
def a_template_with_sessions(context: Context, template: str, count: int, user: str) -> None:
    actions.provide(world(context), template, count, user)


@given('a "{template}" template with {count:d} starting session of "{user}"')
def a_template_with_a_starting_session(context: Context, template: str, count: int, user: str) -> None:
    actions.provide_starting(world(context), template, count, user)


@given('a "{template}" template with {count:d} hibernated session of "{user}"')
def a_template_with_a_hibernated_session(context: Context, template: str, count: int, user: str) -> None:
    actions.provide(world(context), template, count, user)
    deletion_actions.hibernate_sessions(world(context))


@given('a "{template}" template whose only session, of "{user}", has ended')
def a_template_no_longer_in_use(context: Context, template: str, user: str) -> None:
    actions.provide(world(context), template, 1, user)
    deletion_actions.end_sessions(world(context))


@when("the administrator creates the template")
def the_administrator_creates_it(context: Context) -> None:
    actions.create(world(context))


@when("the administrator creates it with none and with each of these mistakes:")
def the_administrator_makes_mistakes(context: Context) -> None:
    actions.try_mistakes(world(context), context.table)


@when('an administrator changes the template twice, the second time to image "{image}" with {size:Resources}')
def an_administrator_changes_it(context: Context, image: str, size: Resources) -> None:
    actions.make_change(world(context), image, size)


@when("an administrator deletes the template")
def an_administrator_deletes_it(context: Context) -> None:
    deletion_actions.delete(world(context))


@then("the template matches its description")
def it_reads_as_described(context: Context) -> None:
    expect.templates.as_described(*actions.read_back(world(context)))
    expect.templates.text_kept(*further_templates.read_back_other_texts(world(context)))


@then("the template is in the list of templates")
def it_is_listed(context: Context) -> None:
    expect.templates.listed(*actions.listed(world(context)))
    expect.templates.all_listed(*further_templates.missing_in_list(world(context)))


@then("each rejection names the field with the mistake")
def each_rejection_names_the_field(context: Context) -> None:
    expect.mistakes.refused_clearly(world(context).results[MistakeTrial])


@then("no template with a mistake is accepted")
def no_mistake_is_accepted(context: Context) -> None:
    expect.mistakes.all_caught(world(context).results[MistakeTrial])


@then("the template has the new image and resources")
def it_reads_as_changed(context: Context) -> None:
    expect.templates.changed(world(context).results[TemplateChange])
    expect.templates.changed(actions.change_later(world(context)))
    expect.templates.others_unchanged(template_beside.changes(world(context)))
    expect.templates.changed_too(template_beside.change_too(world(context)))


@then('a new session of "{user}" has the new image and resources')
def a_new_session_has_the_change(context: Context, user: str) -> None:
    expect.templates.provisioned(*actions.new_session(world(context), user))
    expect.templates.provisioned(*actions.session_at_once(world(context)))


@then(
    "the running session keeps its pod, image and resources, and the hibernated one wakes with its old image and resources"
)
def the_sessions_keep_everything(context: Context) -> None:
    expect.templates.unaffected(*actions.before_and_now(world(context)))
    expect.templates.woken_as_before(woken_session.wake_after_change(world(context)))


@then("the template's history contains both versions")
def the_history_holds_both(context: Context) -> None:
    expect.templates.history_kept(*actions.history(world(context)))


@then("the deletion is rejected and changes nothing")
def the_deletion_is_rejected(context: Context) -> None:
    expect.deletions.refused_in_use(world(context).results[Deletion])


@then("the error says how many sessions use the template")
def the_error_says_how_many(context: Context) -> None:
    expect.deletions.says_how_many(world(context).results[Deletion])


@then("the template is deleted")
def the_template_is_deleted(context: Context) -> None:
    expect.deletions.deleted(deletion_actions.wait_until_deleted(world(context)))


@then("nothing is left of the template")
def nothing_is_left(context: Context) -> None:
    expect.deletions.nothing_left(deletion_actions.wait_until_nothing_left(world(context)))
    expect.deletions.forgotten(deletion_actions.recreate(world(context)))
