"""Expectations of mistakes in the description of a template: each is refused, in words that help."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from streamspace_acceptance.domain.templates.mistake_trials import MistakeAttempt, MistakeTrial
from streamspace_acceptance.evidence.judged import Table, judged, table
from streamspace_acceptance.outcomes import Unmet, Unproven


def refused_clearly(trial: MistakeTrial) -> None:
    """Each refusal is a refusal in form, and its sentence names the field; where nothing was refused, nothing shows."""
    judged("rejections", _answers(trial))
    refused = [attempt for attempt in trial.attempts if not attempt.is_accepted and not _is_limited(attempt)]
    unclear = [attempt for attempt in refused if attempt.positive_control.id is not None and not attempt.names_field]
    if unclear:
        raise Unmet(
            f"{len(unclear)} of {len(trial.attempts)} templates with a mistake",
            expected="a refusal whose message names the field with the mistake",
            actual=_by_answer(unclear),
            likely="the error does not depend on the mistake",
        )
    _require_controls(trial)
    _require_no_limit(trial)
    accepted = [attempt.words for attempt in trial.attempts if attempt.is_accepted]
    if accepted:
        raise Unproven(f"accepted, so there is no error to read (see 2.1-4): {', '.join(accepted)}")


def _by_answer(attempts: Sequence[MistakeAttempt]) -> str:
    """Each answer once, with the mistakes that it was given to: `400 {"error": …} to 2 mistakes: no name, no image`."""
    answers: dict[str, list[str]] = {}
    for attempt in attempts:
        answers.setdefault(f"{attempt.answer.status} {attempt.answer.excerpt(160)}", []).append(attempt.words)
    return "; ".join(
        f"{answer} to {f'{len(words)} mistakes: ' if len(words) > 1 else ''}{', '.join(words)}"
        for answer, words in answers.items()
    )


def all_caught(trial: MistakeTrial) -> None:
    """No template with a mistake was accepted, none is to be found, and none has changed one that was there."""
    judged("answers", _answers(trial))
    judged(
        "templates with a mistake that exist",
        "\n".join(trial.leftovers) or "none: neither in the API nor in Kubernetes",
    )
    accepted = [attempt for attempt in trial.attempts if attempt.is_accepted]
    known = tuple(f"{attempt.name} " for attempt in accepted)
    troubles = [
        *(f"{attempt.words}: accepted with {attempt.answer.status}" for attempt in accepted),
        *(f"{attempt.words}: {trouble}" for attempt in trial.attempts for trouble in attempt.control_changes),
        *(left for left in trial.leftovers if not left.startswith(known)),
        *trial.changes,
    ]
    if troubles:
        raise Unmet(
            f"{len(trial.attempts)} templates with a mistake",
            expected="each refused, with nothing left of it",
            actual="; ".join(troubles),
            likely="templates are validated when they are created, and not when they are changed"
            if tuple(troubles) == trial.changes
            else "this is not validated, or only after the template is stored",
        )
    _require_controls(trial)
    _require_no_limit(trial)
    if trial.blind:
        raise Unproven(f"{' and '.join(trial.blind)}: not even the valid templates are there")


def _require_controls(trial: MistakeTrial) -> None:
    """Without the positive control's acceptance, a refusal says nothing about the mistake."""
    without: list[MistakeAttempt] = [attempt for attempt in trial.attempts if attempt.positive_control.id is None]
    if without or not trial.attempts:
        words = ", ".join(attempt.words for attempt in without) or "no mistake was made"
        raise Unproven(f"the positive control without the mistake was refused as well: {words}")


def _is_limited(attempt: MistakeAttempt) -> bool:
    """Whether it was refused for the number of requests, whatever it held."""
    return attempt.answer.status == HTTPStatus.TOO_MANY_REQUESTS


def _require_no_limit(trial: MistakeTrial) -> None:
    limited = [attempt.words for attempt in trial.attempts if _is_limited(attempt)]
    if limited:
        raise Unproven(
            f"the API takes no more requests for templates (429), so this was not tried: {', '.join(limited)}"
        )


def _answers(trial: MistakeTrial) -> Table:
    return table(
        "mistake | the error names | status | message | without the mistake",
        (
            (
                attempt.words,
                " or ".join(attempt.fields),
                attempt.answer.status,
                attempt.message,
                "accepted" if attempt.positive_control.id is not None else "refused",
            )
            for attempt in trial.attempts
        ),
    )
