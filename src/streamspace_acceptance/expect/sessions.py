"""Expectations of sessions: created, started, left alone, and their status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from streamspace_acceptance.budgets import TARGET_SECONDS
from streamspace_acceptance.cluster.objects import SessionObject
from streamspace_acceptance.domain.agents.outage import Outage
from streamspace_acceptance.domain.agents.undisturbed import SessionAfter, SessionBefore
from streamspace_acceptance.domain.sessions import steadiness
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation, shared, strangers
from streamspace_acceptance.domain.sessions.other_sessions import OtherSession
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import Start, Starts
from streamspace_acceptance.domain.sessions.unknown_users import refused_for_users
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.expect.input_evidence import judge_input
from streamspace_acceptance.measuring import startup_phases
from streamspace_acceptance.measuring.statistics import Summary
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import tells_error
from streamspace_acceptance.waiting import Budget


def answered(answer: Answer, status: int) -> None:
    """The answer has exactly that status code."""
    judged("request and answer", answer)
    if answer.status != status:
        raise Unmet(
            answer.call,
            expected=f"{status}",
            actual=answer.gist,
            likely="the API refuses the request or answers it with another code; see its message above",
        )


def identified(creation: Creation, status: str) -> None:
    """The answer holds the id and the name under which the API lists one new session, and that status."""
    judged("request and answer", creation.answer)
    judged("the new session in the API's list", creation.listed)
    refused_in_form = creation.answer.status != HTTPStatus.CREATED and tells_error(creation.answer)
    if refused_in_form or not creation.answer.ok:
        raise Unproven("no session was created (see 1.1a-1)")
    body = creation.answer.object()
    troubles = [
        *([f"it tells an error: {creation.answer.excerpt(160)}"] if tells_error(creation.answer) else []),
        *(f"{key} is {body.get(key)!r}" for key in ("sessionId", "name") if not _text(body.get(key))),
        *([] if body.get("status") == status else [f"status is {body.get('status')!r}, not {status!r}"]),
        *_misnamed(creation, body.get("sessionId"), body.get("name")),
        *_of_another_request(creation, body),
        *(f"the same request has made {other} as well" for other in sorted(creation.others)),
    ]
    if troubles:
        raise Unmet(
            creation.answer.call,
            expected=f"sessionId, name and status {status!r} of the new session",
            actual="; ".join(troubles),
            likely="the answer does not describe the session that was created",
        )


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _misnamed(creation: Creation, session_id: object, name: object) -> list[str]:
    if session_id in creation.asked.before:
        return [f"sessionId {session_id!r} is that of a session that was there before"]
    if not creation.listed:
        return []  # nothing to compare with: a session that nobody knows is the matter of the next sentence
    if len(creation.listed) > 1:
        return [f"the API lists {len(creation.listed)} sessions {session_id!r}"]
    listed = creation.listed[0]
    return [
        *([] if listed.id == session_id else [f"sessionId is {session_id!r}, but the new session is {listed.id!r}"]),
        *([] if listed.name == name else [f"name is {name!r}, but the new session's is {listed.name!r}"]),
        *(
            f"the API lists it with {key} {value!r}, not {wanted!r}"
            for key, value, wanted in (
                ("user", listed.user, creation.asked.user),
                ("template", listed.template, creation.asked.template),
            )
            if value not in (None, wanted)
        ),
    ]


def _of_another_request(creation: Creation, body: Mapping[str, object]) -> list[str]:
    """The user and the template in the answer, where they are others than the requested ones."""
    asked = {"user": creation.asked.user, "template": creation.asked.template}
    answered = {key: body.get(key) or wanted for key, wanted in asked.items()}
    return [f"{key} is {answered[key]!r}, not {wanted!r}" for key, wanted in asked.items() if answered[key] != wanted]


def listed(creation: Creation, listed: SessionObject, alone: SessionObject | None) -> None:
    """The session in Kubernetes' list is the requested one, and the one that Kubernetes returns by name."""
    asked, in_api = creation.asked, creation.listed[:1]
    judged("the session in Kubernetes", {"in the list": listed, "by its name": alone})
    users = {asked.user, *(session.user for session in in_api if session.user)}  # 1.1a-2 judges the API's list
    templates = {asked.template, *(session.template for session in in_api if session.template)}
    troubles = [
        *([] if listed.user in users else [f"its user is {listed.user!r}"]),
        *([] if listed.template in templates else [f"its template is {listed.template!r}"]),
        *(["it is being deleted"] if listed.meta.deleting else []),
        *([] if alone is not None and alone.meta.uid == listed.meta.uid else ["by its name there is another, or none"]),
    ]
    if troubles:
        raise Unmet(
            f"session {listed.meta.name} in Kubernetes",
            expected=f"the {asked.template} session of {asked.user}",
            actual="; ".join(troubles),
            likely="the object does not match the request",
        )


def stays_listed(session: Session, later: SessionObject | None) -> None:
    """The session that Kubernetes listed is still there a while later, and is not being deleted."""
    judged("the session in Kubernetes a while later", later or "gone")
    if later is None or later.meta.deleting:
        raise Unmet(
            f"{session.subject} in Kubernetes",
            expected="still listed a while later",
            actual="gone" if later is None else "being deleted",
            likely="something removes the session's object, though nobody has ended the session",
        )


def series_running(starts: Starts) -> None:
    """Every requested start reached Running; one that created no session shows nothing."""
    judged(
        "starts",
        table("start | session | reached Running after", map(_start_row, range(1, 1 + len(starts.made)), starts.made)),
    )
    for start in starts.made:
        if start.trouble is not None:
            raise start.trouble
    if not starts.complete:
        raise Unproven(f"only {len(starts.made)} of {starts.wanted} starts were made")


def mean_below(starts: Starts, budget: Budget) -> float:
    """The mean of all starts, end to end, is below the budget; gives it, in seconds."""
    judged("startup times", lambda: _startup_times(starts, budget))
    if not starts.complete:
        raise Unproven(f"only {len(starts.phases)} of {starts.wanted} starts reached Running and can be measured")
    figures = [start.end_to_end for start in starts.made if start.end_to_end is not None]
    if len(figures) < starts.wanted:
        raise Unproven(
            f"only {len(figures)} of {starts.wanted} sessions that are Running can be used: the pod of another is "
            "not Ready, or its VNC server does not answer (see 1.1b-3 and 1.1b-4)"
        )
    summary = Summary.of(figures)
    attachments.record_figure("mean startup time", summary.mean, "s")
    if summary.mean >= budget.seconds:
        raise Unmet(
            f"{summary.count} starts",
            expected=f"a mean below {budget}",
            actual=f"mean {summary.mean:.2f} s, from {summary.least:.2f} to {summary.greatest:.2f} s",
            timeline=" · ".join(f"start {number} {figure:.2f} s" for number, figure in enumerate(figures, 1)),
            likely="see the slowest phase in the table of the starts",
        )
    return summary.mean


def status_kept(word: str, statuses: Mapping[str, str | None]) -> None:
    """Each of the sessions, by id, has kept the status that it reached."""
    judged("status afterwards, over a while", table("session | status", statuses.items()))
    fallen = [f"{session_id} is {status or 'not listed'}" for session_id, status in statuses.items() if status != word]
    if fallen:
        raise Unmet(
            "the session's status" if len(statuses) == 1 else "the sessions that were started",
            expected=f"still {word} a while later",
            actual=", ".join(fallen),
            likely="the sessions do not last, or their status flaps",
        )


def batch_running(crowd: ConcurrentRequests, count: int) -> None:
    """Each of `count` users got a session, and all of them reach Running and stay so for a while.

    Unproven where the nodes have no room, or the users have to be made first.
    """
    judged("requests", crowd.table())
    if reason := refused_for_users(crowd.creations):
        raise Unproven(reason)
    if crowd.refusals or len(crowd.sessions) != count:
        raise Unmet(
            crowd.subject,
            expected=f"a session for each of {count} users",
            actual="; ".join(crowd.refusals) or f"{len(crowd.sessions)} sessions",
            likely="the API refuses or loses sessions that are requested at the same time",
        )
    try:
        crowd.wait_until_running(within="burst")
    except Unmet as unmet:
        if reason := crowd.lack_of_room():
            raise Unproven(f"{reason}; {unmet.actual} of {count}") from unmet
        raise
    running = crowd.sessions[0].api.profile.statuses["running"]
    status_kept(running, steadiness.watch(crowd.sessions, running))
    judged(
        "sessions that run",
        lambda: table("session | pods", ((session.id, _pods(session)) for session in crowd.sessions)),
    )


def each_its_own(crowd: ConcurrentRequests) -> None:
    """No session was given to several users, or is another user's than the one to whom it was given."""
    if not_its_own := [*shared(crowd.creations), *strangers(crowd.creations)]:
        raise Unmet(
            crowd.subject,
            expected="a session of its own for each user",
            actual="; ".join(not_its_own),
            likely="the ids of sessions that are requested at the same time collide, or the answers are mixed up",
        )


def left_alone(kept: list[SessionBefore], outage: Outage) -> None:
    """No session's pod was touched while the agent was offline, nor when it reconnected.

    Unproven where the cluster or a busy node did that.
    """
    rows = [
        (
            kept_session.session.subject,
            kept_session.pod.meta.name,
            kept_session.pod.meta.uid,
            _disturbed(kept_session, outage),
        )
        for kept_session in kept
    ]
    judged("pods while the agent was offline", table("session | pod | uid | troubles", rows))
    for kept_session in kept:
        disturbances = kept_session.disturbances(outage.cut, outage.ended)
        if disturbances and (excuse := kept_session.excuse(disturbances, outage.busy)):
            raise Unproven(f"{kept_session.session.subject}: {excuse}; {' · '.join(disturbances)}")
        if disturbances:
            raise Unmet(
                kept_session.session.subject,
                expected=f"pod {kept_session.pod.meta.name} kept, Ready and not restarted, while the agent is offline",
                actual=disturbances[0],
                timeline=" · ".join(disturbances),
                likely="sessions are stopped when their agent disconnects",
            )
    for kept_session in kept:
        if beside := kept_session.neighbours(outage.cut, outage.ended):
            raise Unproven(
                f"{kept_session.session.subject}: its desktop's container stayed ready, but its pod did not, for a "
                f"container beside it or the node: {' · '.join(beside)}"
            )


def others_left_alone(others: Sequence[OtherSession]) -> None:
    """Every other session runs on, on the pod that it had; Unproven where the cluster took that pod."""
    judged("other sessions", table("session | state", ((other.id, other.state) for other in others)))
    if excuse := next((f"{other.id}: {other.excuse}" for other in others if other.excuse), ""):
        raise Unproven(excuse)
    if troubles := [other.trouble for other in others if other.trouble]:
        raise Unmet(
            "the other sessions",
            expected="still Running, each on its own pod",
            actual="; ".join(troubles),
            likely="the command reaches more sessions than the one that it was given for",
        )


def usable(seen: Iterable[SessionAfter]) -> None:
    """Each session is Running by the API and by Kubernetes on a healthy pod, and its desktop accepts input."""
    for session in seen:
        judge_input(session.trial, session.kept.session.subject)
        states = ("API", session.status), ("Kubernetes", session.phase), ("pod", session.pod_trouble or "one, Ready")
        judged(f"{session.kept.session.subject}, status", table("source | status", states))
        troubles = [f"the API says {session.status}"] if session.status != session.running else []
        troubles += [f"Kubernetes says {session.phase}"] if session.phase not in (session.running, None) else []
        troubles += [session.pod_trouble] if session.pod_trouble else []
        troubles += [] if session.trial.received and session.trial.clicked else ["its desktop does not accept input"]
        if troubles:
            raise Unmet(
                session.kept.session.subject,
                expected=f"{session.running}, and usable by its user",
                actual="; ".join(troubles),
                likely="the session did not survive the loss of its agent",
            )


def status_agreed(word: str, listed: str, phase: SessionObject | None) -> None:
    """The API says so, and Kubernetes does not say otherwise."""
    in_kubernetes = "no such session" if phase is None else phase.phase
    judged("the session's status", table("source | status", [("API", listed), ("Kubernetes", in_kubernetes)]))
    if listed != word or (phase is not None and phase.phase != word):
        raise Unmet(
            "the session's status",
            expected=f"{word} by the API and in Kubernetes",
            actual=f"{listed} by the API, {phase.phase if phase else 'nothing'} in Kubernetes",
            likely="one of the two is not kept up to date",
        )


def _startup_times(starts: Starts, budget: Budget) -> str:
    target = (TARGET_SECONDS[0] * budget.scale, TARGET_SECONDS[1] * budget.scale)
    return f"limit: {budget}\n{startup_phases.table(starts.phases, target, budget.seconds)}"


def _start_row(number: int, start: Start) -> tuple[object, ...]:
    session = "none" if start.session is None else start.session.id
    running = None if start.phases is None else start.phases.seconds["end to end"]
    return number, session, str(start.trouble or (f"{running:.2f} s" if running is not None else "not measured"))


def _pods(session: Session) -> str:
    return ", ".join(pod.describe() for pod in session.pods())


def _disturbed(kept: SessionBefore, outage: Outage) -> str:
    return "; ".join(kept.disturbances(outage.cut, outage.ended)) or "none: kept, Ready, not restarted"
