"""What is expected of a command that is given while no agent is connected."""

from __future__ import annotations

from streamspace_acceptance.domain.agents.queued_commands import QueuedCommand
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.waiting import POLL_SECONDS

SLACK_SECONDS = 5 * POLL_SECONDS  # between what the API says and what the watch over the pods tells


def queued(order: QueuedCommand, profile: Profile) -> None:
    """The API took the order and said that it waits: by the word for it, and in a sentence."""
    answer, fields = order.answer, profile.fields
    body = answer.object() if answer.ok else {}
    command = body.get(fields["command"])
    word = command.get(fields["command_status"]) if isinstance(command, dict) else None
    message = body.get(fields["message"])
    if not answer.ok or word != profile.statuses["command_waiting"] or not (isinstance(message, str) and message):
        raise Unmet(
            answer.call,
            expected=f"the order accepted, called {profile.statuses['command_waiting']!r} in a message of its own",
            actual=f"{answer.status} {answer.reason}: {answer.excerpt()}",
            likely="the API does not tell an order that waits from one that is carried out",
        )


def carried_out(order: QueuedCommand) -> None:
    """The session's pod went once the agents were back, and Kubernetes says that the session sleeps."""
    _require_acceptance(order)
    if order.trouble is not None:
        raise order.trouble


def carried_out_once(order: QueuedCommand) -> None:
    """Since the order the one pod of the session went, and no other came."""
    _require_acceptance(order)
    events = [each.item for each in order.pod_events]
    others = [each for each in events if not each.startswith(f"{order.pod.meta.name} ")]
    if others:
        raise Unmet(
            order.session.subject,
            expected=f"pod {order.pod.meta.name} gone, and no other in its place",
            actual=", ".join(events),
            timeline=order.timeline(),
            likely="the order was carried out more than once, or something undid it",
        )
    if order.trouble is not None:
        raise Unproven(f"the order was not carried out (see the sentence about that); {order.trouble.actual}")


def status_truthful(order: QueuedCommand, profile: Profile) -> None:
    """The API never called the session asleep while its pod ran, nor awake once its pod was gone."""
    _require_acceptance(order)
    running, asleep = profile.statuses["running"], profile.statuses["hibernated"]
    went = order.pod_went
    lie = next((each for each in order.said if each.item == asleep and (went is None or each.at < went)), None)
    if lie is not None and (went is None or lie.at < went - SLACK_SECONDS):
        raise Unmet(
            order.session.subject,
            expected=f"not {asleep} while its pod runs",
            actual=f"{asleep} {lie.at - order.given:.1f} s after the order, with pod {order.pod.meta.name} running",
            timeline=order.timeline(),
            likely="the status tells what was ordered, not what is",
        )
    if order.trouble is not None or went is None:
        raise Unproven("the order was not carried out, so what is said afterwards shows nothing")
    said, first = order.said[-1].item, order.said[0].item
    kubernetes = None if order.phase is None else order.phase.phase
    if (first, said) != (running, asleep) or kubernetes not in (asleep, None):
        raise Unmet(
            order.session.subject,
            expected=f"{running} before the order, {asleep} after it, by the API and by Kubernetes",
            actual=f"{first} before, {said} after by the API, {kubernetes} after by Kubernetes",
            timeline=order.timeline(),
            likely="the status is not kept up to date",
        )


def _require_acceptance(order: QueuedCommand) -> None:
    if not order.answer.ok:
        raise Unproven(f"the order was not accepted (see the sentence about that): {order.answer.status}")
