"""Steps that do what the environment variable DEMO asks of them: `<step>=<behaviour>`, separated by commas."""

import os
import sys

from behave.runner import Context

from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven
from streamspace_acceptance.sentences import given, then, when
from streamspace_acceptance.waiting import Budget, Wait, poll

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def behave_as(step: str) -> None:
    """Do what DEMO asks of `step`; nothing when it does not name it."""
    asked = dict(pair.split("=") for pair in os.environ.get("DEMO", "").split(",") if pair)
    behaviours = {"fail": fail, "error": error, "unproven": unproven, "wait": wait, "hang": hang, "plain": plain}
    behaviours["inapplicable"] = inapplicable
    behaviours.get(asked.get(step, ""), lambda: None)()


def fail() -> None:
    raise Unmet(
        "session testuser-firefox-browser-7f3a",
        expected="Running within the startup budget (60 s)",
        actual="Pending for 60.0 s",
        timeline="+0.1 s Pending · +0.4 s pod created · +0.9 s Unschedulable: insufficient cpu",
        likely="no node has room for cpu=2000m; see `events.txt`",
    )


def plain() -> None:
    raise AssertionError("not as it should be; token=abcdefgh in https://x/?token=s3cr3t-t0ken")


def error() -> None:
    raise ConnectionError("the API closed the connection")


def unproven() -> None:
    raise Unproven("no new pod came, so there is nothing to read the file in")


def inapplicable() -> None:
    raise NotApplicable("does not apply to this target: it keeps no files")


def wait() -> None:
    seen = iter(["Pending", "Pending", "pod created"] * 6 + ["pulling the image"] * 9 + ["Running"])
    poll(
        Wait("session testuser-firefox-browser-7f3a", "Running", Budget("startup", 60, 0.1)),
        lambda: next(seen),
        met=lambda answer: answer == "Running",
        says=str,
        likely=str,
    )


def hang() -> None:
    sys.stdout.write("hanging\n")
    sys.stdout.flush()
    poll(
        Wait("session testuser-firefox-browser-7f3a", "Running", Budget("startup", 60, 1)),
        lambda: "Pending",
        met=lambda answer: False,
        says=str,
        likely=str,
    )


@given("a running session")
def a_running_session(_context: Context) -> None:
    behave_as("given")


@when("the session's pod is deleted")
def pod_deleted(_context: Context) -> None:
    behave_as("when")


@then("another pod serves the session within the restart budget")
def another_pod(_context: Context) -> None:
    attachments.record_figure("restart", 1.234, "s")
    behave_as("pod")


@then('the file still says "test data"')
def file_still_there(_context: Context) -> None:
    attachments.attach_png("desktop", PNG)
    behave_as("file")


@then("its home is on the session's own volume")
def own_volume(_context: Context) -> None:
    behave_as("volume")


@given("a template")
def a_template(_context: Context) -> None:
    behave_as("template")


@when("it is sent")
def it_is_sent(_context: Context) -> None:
    behave_as("sent")


@then("the template is created")
def template_created(_context: Context) -> None:
    behave_as("created")


@then("the template is listed")
def template_listed(_context: Context) -> None:
    behave_as("listed")
