"""The rights to a session: visitors without a valid token, and another user."""

from behave.runner import Context

from streamspace_acceptance import expect
from streamspace_acceptance.domain.rights import actions
from streamspace_acceptance.domain.rights.actions import OtherUserAttempts, VisitorAttempts
from streamspace_acceptance.domain.rights.other_users import OtherUsers
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.world import world


@given('another, ordinary user has a running "{template}" session')
def another_user_has_a_session(context: Context, template: str) -> None:
    actions.add_other_user(world(context), world(context).results[OtherUsers], template)


@when("visitors without a token, with wrong ones and with an expired one try to see, open and end it")
def visitors_try_everything(context: Context) -> None:
    actions.try_as_visitor(world(context))


@when("the other user tries to see, open and end it")
def the_other_user_tries_everything(context: Context) -> None:
    actions.try_as_other_user(world(context))


@then("no visitor sees the session")
def no_visitor_sees_it(context: Context) -> None:
    expect.rights.visitors_see_nothing(world(context).results[VisitorAttempts])


@then("no visitor opens its desktop")
def no_visitor_opens_it(context: Context) -> None:
    expect.rights.visitors_open_nothing(world(context).results[VisitorAttempts])


@then("no visitor hibernates or ends it")
def no_visitor_changes_it(context: Context) -> None:
    expect.rights.visitors_change_nothing(world(context).results[VisitorAttempts])


@then("an expired token does nothing")
def an_expired_token_does_nothing(context: Context) -> None:
    expect.rights.expired_token_refused(world(context).results[VisitorAttempts])


@then("the other user does not see the session")
def the_other_user_does_not_see_it(context: Context) -> None:
    expect.rights.other_user_sees_nothing(world(context).results[OtherUserAttempts])


@then("the other user does not open its desktop")
def the_other_user_does_not_open_it(context: Context) -> None:
    expect.rights.other_user_opens_nothing(world(context).results[OtherUserAttempts])


@then("the other user does not hibernate or end it")
def the_other_user_does_not_change_it(context: Context) -> None:
    expect.rights.other_user_changes_nothing(world(context).results[OtherUserAttempts])
