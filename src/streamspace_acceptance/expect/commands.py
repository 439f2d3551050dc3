"""Expectations of a command that is given while no agent is connected."""

from __future__ import annotations

from streamspace_acceptance.domain.agents.queued_commands import NOT_TOLD, QueuedCommand
from streamspace_acceptance.domain.agents.queued_starts import WOKEN, QueuedStart
from streamspace_acceptance.evidence.judged import judged
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.waiting import POLL_SECONDS, Budget

SLACK_SECONDS = 5 * POLL_SECONDS  # between what the API says and what the watch over the pods tells


def queued(command: QueuedCommand, profile: Profile) -> None:
    """The API accepted each command, and reported each hibernation and waking as queued, with a message.

    A request for a session may be refused meanwhile.
    """
    for given in (command, *command.others):
        _queued(given.session.subject, given.answer, profile)
    for start in command.starts:
        if start.command.kind == WOKEN:
            _queued(start.command.subject, start.command.answer, profile)
    if command.deletion is None:
        return
    judged("the API's answer to the deletion", command.deletion.answer)
    if not command.deletion.answer.ok:
        raise Unmet(
            command.deletion.answer.call,
            expected="the deletion accepted",
            actual=command.deletion.answer.gist,
            likely="the API deletes no session while no agent is online",
        )


def _queued(subject: str, answer: Answer, profile: Profile) -> None:
    fields = profile.fields
    judged(f"{subject}, the API's answer to the command", answer)
    is_empty = answer.ok and not answer.body.strip()
    body = answer.object() if answer.ok and not is_empty else {}
    listed = body.get(fields["command"])
    word = listed.get(fields["command_status"]) if isinstance(listed, dict) else None
    message = body.get(fields["message"])
    if not answer.ok or word != profile.statuses["command_waiting"] or not (isinstance(message, str) and message):
        raise Unmet(
            answer.call,
            expected=f"the command accepted and reported as {profile.statuses['command_waiting']!r}, with a message",
            actual=f"{answer.status} {answer.reason} without content" if is_empty else answer.gist,
            likely="the answer tells nothing of the command"
            if is_empty
            else "the API does not distinguish a queued command from one that was carried out",
        )


def carried_out(command: QueuedCommand, within: Budget) -> float:
    """Each session's pod was deleted once the agents reconnected, and Kubernetes reports it as hibernated if it is.

    Each session that was woken or requested has a pod.

    Gives the most seconds from the reconnection until a pod's deletion.
    """
    seconds = max(_carried_out(given, within) for given in (command, *command.others))
    deletion = command.deletion
    if deletion is not None and deletion.answer.ok and deletion.trouble is not None:
        raise deletion.trouble.with_parts(
            subject=f"{deletion.session.subject}, deleted while no agent was online",
            actual=f"{deletion.trouble.actual}; the API had answered {deletion.answer.status} to the deletion",
        )
    for start in command.starts:
        judged(f"{start.command.subject}, from the command on", "\n".join(start.history().lines()))
        if start.trouble is not None:
            lost = _not_carried_out(start.trouble, start.command.answer, command.other_ids)
            raise lost.with_parts(subject=start.command.subject)
    return seconds


def _carried_out(command: QueuedCommand, within: Budget) -> float:
    judged(f"{command.session.subject}, from the command on", "\n".join(command.history().lines()))
    _require_acceptance(command)
    if command.trouble is not None:
        raise _not_carried_out(command.trouble, command.answer, command.other_ids)
    seconds = max((command.pod_went or command.back) - command.back, 0.0)
    if seconds > within.seconds:
        raise Unmet(
            command.session.subject,
            expected=f"its pod deleted within {within} of the agents' reconnection",
            actual=f"deleted after {seconds:.1f} s",
            timeline=command.timeline(),
            likely="the command is delivered late",
        )
    return seconds


def _not_carried_out(trouble: Unmet, answer: Answer, other_ids: str) -> Unmet:
    waits = f"{other_ids}: the command may wait for an agent that is no more; " if other_ids else ""
    return trouble.with_parts(
        actual=f"{trouble.actual}; the API had answered {answer.status} to the command",
        likely=waits + trouble.likely,
    )


def carried_out_once(command: QueuedCommand) -> None:
    """After the command the one pod of each session was deleted, and no other was created.

    One pod was created for each session that was woken or requested.
    """
    for given in (command, *command.others):
        _carried_out_once(given)
    for start in command.starts:
        _started_once(start)


def _started_once(start: QueuedStart) -> None:
    if len(start.pods) > 1:
        raise Unmet(
            start.command.subject,
            expected="one pod created",
            actual=f"{len(start.pods)} pods",
            timeline=start.timeline(),
            likely="the command was carried out more than once",
        )


def _carried_out_once(command: QueuedCommand) -> None:
    _require_acceptance(command)
    judged(f"{command.session.subject}, its pods from the command on", _pod_events(command))
    if command.other_pods:
        raise Unmet(
            command.session.subject,
            expected=f"pod {command.pod.meta.name} deleted, and no other in its place",
            actual=", ".join(event.item for event in command.pod_events),
            timeline=command.timeline(),
            likely="the command was carried out more than once, or something reverted it",
        )
    if command.trouble is not None:
        raise Unproven(f"the command was not carried out (see 3.2-2); {command.trouble.actual}")


def status_truthful(command: QueuedCommand, profile: Profile) -> None:
    """The API never reported a session hibernated while its pod ran, nor running once its pod was deleted.

    Nor did it report it as failed or ended meanwhile, or nothing of it. A session that was woken or requested is
    Running in the end, and was not before its pod ran.
    """
    for given in (command, *command.others):
        _status_truthful(given, profile)
    for start in command.starts:
        _start_truthful(start, profile.statuses["running"])


def _start_truthful(start: QueuedStart, running: str) -> None:
    since = start.command.given + BEHIND_SECONDS  # until then a server may tell of the time before
    early = next((status for status in start.statuses if status.item == running and status.at >= since), None)
    if early is not None and (start.ran is None or early.at < start.ran - SLACK_SECONDS):
        raise Unmet(
            start.command.subject,
            expected=f"not {running} before its pod runs",
            actual=f"{running} {early.at - start.command.given:.1f} s after the command, without a running pod",
            timeline=start.timeline(),
            likely="the status shows the command, not the state",
        )
    if start.untrue is not None:
        raise start.untrue.with_parts(subject=start.command.subject)


def _status_truthful(command: QueuedCommand, profile: Profile) -> None:
    _require_acceptance(command)
    running, hibernated = profile.statuses["running"], profile.statuses["hibernated"]
    kubernetes_says = "nothing of it" if command.phase is None else command.phase.phase
    judged(
        f"{command.session.subject}, status by the API, and pods",
        "\n".join([*command.history().lines(), f"in the end, by Kubernetes: {kubernetes_says}"]),
    )
    went = command.pod_went
    early = next(
        (status for status in command.statuses if status.item == hibernated and (went is None or status.at < went)),
        None,
    )
    if early is not None and (went is None or early.at < went - SLACK_SECONDS):
        raise Unmet(
            command.session.subject,
            expected=f"not {hibernated} while its pod runs",
            actual=f"{hibernated} {early.at - command.given:.1f} s after the command, with its pod running",
            timeline=command.timeline(),
            likely="the status shows the command, not the state",
        )
    wrong = {profile.statuses[word] for word in ("failed", "terminating")}
    lost = next((status for status in command.statuses if status.item in wrong), None)
    untold = next((status for status in command.statuses if status.item.startswith(NOT_TOLD)), None)
    if lost is None and untold is not None:
        raise Unmet(
            command.session.subject,
            expected=f"{running} until its pod is deleted, {hibernated} afterwards",
            actual=f"{untold.item} ({untold.at - command.given:.1f} s after the command)",
            timeline=command.timeline(),
            likely="the API cannot tell of a session without its agent",
        )
    if lost is not None:
        raise Unmet(
            command.session.subject,
            expected=f"{running} until its pod is deleted, {hibernated} afterwards",
            actual=f"{lost.item} {lost.at - command.given:.1f} s after the command",
            timeline=command.timeline(),
            likely="the API changes the session's status when its agent goes offline",
        )
    if command.trouble is not None or went is None:
        raise Unproven("the command was not carried out, so the status afterwards shows nothing (see 3.2-2)")
    last, first = command.statuses[-1].item, command.statuses[0].item
    if command.other_pods and last != hibernated:
        raise Unproven(f"the session has had another pod since (see 3.2-3), and the API says {last}")
    kubernetes = None if command.phase is None else command.phase.phase
    if (first, last) != (running, hibernated) or kubernetes not in (hibernated, None):
        raise Unmet(
            command.session.subject,
            expected=f"{running} before the command, {hibernated} after it, in the API and in Kubernetes",
            actual=f"{first} before, {last} after in the API, {kubernetes} after in Kubernetes",
            timeline=command.timeline(),
            likely="the status is not kept up to date",
        )


def _pod_events(command: QueuedCommand) -> str:
    return "\n".join(f"+{event.at - command.given:.1f} s {event.item}" for event in command.pod_events) or "no change"


def _require_acceptance(command: QueuedCommand) -> None:
    if not command.answer.ok:
        raise Unproven(f"the command was not accepted (see 3.2-1): {command.answer.status}")
