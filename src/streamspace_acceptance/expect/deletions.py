"""Expectations of the deletion of templates, in use or not."""

from __future__ import annotations

from http import HTTPStatus

from streamspace_acceptance.domain.templates.deletion import Deletion, Leftovers
from streamspace_acceptance.evidence.judged import Table, judged, table
from streamspace_acceptance.outcomes import Unmet, Unproven

PLANS_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
PLANS_ACCEPTANCES = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)


def refused_in_use(deletion: Deletion) -> None:
    """The deletion is refused as the plan has it, the template is where it was, and its sessions run."""
    judged("the answer to the deletion", deletion.answer)
    if deletion.again is not None:
        judged("the answer to a second request", deletion.again)
    judged("where the template is", _places(deletion))
    judged("sessions that are not as before the deletion", "\n".join(deletion.lost) or "none")
    troubles = [
        *([] if deletion.answer.status in PLANS_REFUSALS
          else [f"answered {deletion.answer.status} {deletion.answer.reason}: {deletion.answer.excerpt(160)}"]),
        *([f"requested again, it is answered {deletion.again.status} {deletion.again.reason}"]
          if deletion.again is not None and deletion.again.ok else []),
        *(f"gone from {place}" for place in sorted(deletion.before - deletion.after)),
        *(f"session {session} is not what it was" for session in deletion.lost),
        *(f"the template's {difference}" for difference in deletion.changes),
        *deletion.others,
    ]  # fmt: skip
    if troubles:
        raise Unmet(
            f"template {deletion.template}, in use by {deletion.users}",
            expected="its deletion refused, and nothing changed",
            actual="; ".join(troubles),
            likely="the API does not check for sessions, or only after the deletion",
        )


def says_how_many(deletion: Deletion) -> None:
    """The refusal says by how many sessions the template is used: that number and no other."""
    judged("the answer to the deletion", deletion.answer)
    judged("sessions", f"using the template: {deletion.users}\nby the message: {_counts(deletion)}")
    if deletion.answer.ok:
        raise Unproven("the deletion was not refused (see 2.3-1)")
    if not deletion.counts_rightly:
        raise Unmet(
            deletion.answer.call,
            expected=f"a message that says that {deletion.users} sessions use the template",
            actual=f"{deletion.answer.status}: {deletion.message or deletion.answer.excerpt()}",
            likely="the API does not count the sessions, or counts the wrong ones",
        )


def deleted(deletion: Deletion) -> None:
    """The deletion was accepted, as the plan has it, and has cost no other template, and no session of one."""
    judged("the answer to the deletion", deletion.answer)
    if deletion.answer.status not in PLANS_ACCEPTANCES:
        answer = deletion.answer
        raise Unmet(
            answer.call,
            expected="the deletion carried out: 200 or 204",
            actual=answer.gist,
            likely="the template still counts as used, or cannot be deleted",
        )
    lost = [f"session {session} is not what it was" for session in deletion.lost]
    if lost or deletion.others:
        raise Unmet(
            deletion.answer.call,
            expected="the template deleted, and no other one and no session of one touched",
            actual="; ".join([*lost, *deletion.others]),
            likely="the deletion reaches " + ("sessions of other templates" if lost else "other templates"),
        )


def nothing_left(deletion: Deletion) -> None:
    """The template, of which nothing is found now, was found before wherever it should have been."""
    unseen = deletion.expected_in - deletion.before
    judged("where the template was", "\n".join(sorted(deletion.before)) + "\nnow: nowhere")
    if unseen:
        raise Unproven(f"it was not in {' and '.join(sorted(unseen))} even before, so its absence shows nothing")


def forgotten(remains: Leftovers) -> None:
    """No session of the template is to be had, and its name is free for a new one with a history of its own."""
    judged("a session of the deleted template", remains.session)
    judged("a new template of its name", remains.again)
    troubles = [
        *([f"a session of it is still to be had: {remains.session.status}"] if remains.session.ok else []),
        *([] if remains.again.ok
          else [f"its name is still taken: {remains.again.status} {remains.again.excerpt(160)}"]),
        *([f"a new one of its name has had {remains.versions} versions"] if (remains.versions or 1) != 1 else []),
    ]  # fmt: skip
    if troubles:
        raise Unmet(
            f"template {remains.template}",
            expected="nothing left of it: no new session can use it, and its name is free",
            actual="; ".join(troubles),
            likely="the template is only hidden",
        )


def _counts(deletion: Deletion) -> str:
    return ", ".join(map(str, deletion.counts)) or "no number"


def _places(deletion: Deletion) -> Table:
    places = sorted(deletion.before | deletion.after)
    return table(
        "place | before | after", ((place, place in deletion.before, place in deletion.after) for place in places)
    )
