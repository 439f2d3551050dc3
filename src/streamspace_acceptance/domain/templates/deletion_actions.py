"""The deletion of a template while sessions use it, and once none does any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.templates import deletion, template_beside
from streamspace_acceptance.domain.templates.actions import TemplateUse, elapse_calmly, everywhere, wait_for
from streamspace_acceptance.domain.templates.created_template import NOT_THERE, CreatedTemplate, differences
from streamspace_acceptance.domain.templates.deletion import Deletion, Leftovers
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.domain.templates.sessions_of_template import wait_until_running
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Wait, elapse, poll


def hibernate_sessions(scenario: Scenario) -> None:
    """Hibernates the sessions that use the template; Unmet when one does not become Hibernated."""
    use, api = scenario.results[TemplateUse], scenario.clients.api
    use.status = scenario.clients.profile.statuses["hibernated"]
    for session in use.sessions:
        api.hibernate_session(session.id)
        session.wait_for_status(use.status, within="hibernation")
        session.wait_for_no_pod(session.known_uids(), within="hibernation")


def end_sessions(scenario: Scenario) -> None:
    """Deletes the sessions that use the template and waits until they are gone; Unmet when one stays."""
    use = scenario.results[TemplateUse]
    for session in use.sessions:
        session.api.delete_session(session.id)
    for session in use.sessions:
        _wait_until_gone(session)
    use.sessions = []


def delete(scenario: Scenario) -> None:
    """Requests the template's deletion, accepted or not, and looks where the template is before and after.

    A refused deletion may still happen a moment later, so the second look waits for that. Then it is requested again.
    """
    registry, use = scenario.results[TemplateRegistry], scenario.results[TemplateUse]
    template_id = scenario.results[CreatedTemplate].accepted_id
    template_beside.add(scenario)
    before, pods = everywhere(scenario), [_pods(session) for session in use.sessions]
    beside = {
        session.id: _pods(session)
        for session in scenario.registry.sessions
        if session not in use.sessions and session.pods()
    }
    content = deletion.content(registry, template_id)
    answer = registry.api.delete(template_id)
    if not answer.ok:
        elapse_calmly(scenario)
    after, again = deletion.traces(registry, template_id), None if answer.ok else registry.api.delete(template_id)
    content_now = {} if answer.ok else deletion.content(registry, template_id)
    result = Deletion(
        template=template_id,
        users=len(use.sessions),
        before=before,
        expected_in=deletion.expected_places(registry),
        answer=answer,
        again=again,
        message=registry.api.message(answer),
        after=after if again is None else after & deletion.traces(registry, template_id),
        changes=tuple(differences(content, content_now)) if content_now else (),
        lost=tuple(
            session.id
            for session, had in zip(use.sessions, pods, strict=True)
            if not _is_as_before(session, use.status, had)
        ),
        beside=beside,
    )
    if not answer.ok:
        result = _with_losses_beside(scenario, result)
    scenario.results.put(result)


def _with_losses_beside(scenario: Scenario, deletion_made: Deletion) -> Deletion:
    """The deletion with what it has done to another template, and the sessions of others that it has cost."""
    running = scenario.clients.profile.statuses["running"]
    lost = (
        session.id
        for session in scenario.registry.sessions
        if (had := deletion_made.beside.get(session.id)) is not None and not _is_as_before(session, running, had)
    )
    others = template_beside.changes(scenario)
    return replace(deletion_made, lost=(*deletion_made.lost, *lost), others=others)


def wait_until_deleted(scenario: Scenario) -> Deletion:
    """The API no longer knows the template; Unmet when it stays. A refused deletion is not waited for."""
    deleted, api = scenario.results[Deletion], scenario.results[TemplateRegistry].api
    if deleted.answer.ok:
        poll(
            wait_for(scenario, "no longer known to the API", "deletion"),
            lambda: api.get(deleted.template),
            met=lambda answer: answer.status in NOT_THERE,
            says=lambda answer: f"the API answers {answer.status}",
            likely=lambda answer: answer.likely("the deletion was accepted but not carried out"),
        )
        elapse_calmly(scenario)
        deleted = scenario.results.put(_with_losses_beside(scenario, replace(deleted, was_gone=True)))
    return deleted


def wait_until_nothing_left(scenario: Scenario) -> Deletion:
    """Nothing of the template is found anywhere, and it does not come back; Unmet otherwise.

    Unproven when it was not deleted.
    """
    deleted, registry = scenario.results[Deletion], scenario.results[TemplateRegistry]
    if not deleted.was_gone:
        raise Unproven("the template was not deleted (see 2.3-3)")
    poll(
        wait_for(scenario, "nothing left", "deletion"),
        lambda: deletion.traces(registry, deleted.template),
        met=lambda left: not left,
        says=lambda left: f"left: {', '.join(sorted(left))}" if left else "gone",
        likely=lambda _: "the deletion does not reach every place in which templates are kept",
    )
    elapse(wait_for(scenario, "it does not come back", "dwell"))
    if back := deletion.traces(registry, deleted.template):
        raise Unmet(
            f"template {deleted.template}",
            expected="nothing left of it",
            actual=f"it disappeared, and is back in {', '.join(sorted(back))}",
            likely="a component that missed the deletion writes it again",
        )
    return deleted


def recreate(scenario: Scenario) -> Leftovers:
    """Requests a session of the deleted template, and then creates the same template once more."""
    template, registry = scenario.results[CreatedTemplate], scenario.results[TemplateRegistry]
    session = scenario.registry.ask(scenario.results[TemplateUse].user, template.accepted_id, None)
    return deletion.ask_again(registry, session.answer, template.described)


def _is_as_before(session: Session, status: str, pods: frozenset[str]) -> bool:
    """Whether a session has that status and those pods; without a status, whether it comes to run."""
    if not status:
        with suppress(Unmet):
            wait_until_running(session)
            return True
        return False
    return session.api.sessions().status(session.id) == status and _pods(session) == pods


def _wait_until_gone(session: Session) -> None:
    """The API no longer lists the session, or nothing but its list knows of it: a product may list what has ended."""
    try:
        poll(
            Wait(session.subject, "gone", session.budgets.named("deletion")),
            lambda: session.api.sessions().status(session.id) or "gone",
            met=lambda status: status == "gone",
            says=str,
            likely=lambda _: "the product does not finish the deletion",
        )
    except Unmet:
        if session.pods() or session.cluster.session_object(session.id) is not None:
            raise


def _pods(session: Session) -> frozenset[str]:
    """The uids of the session's pods that are not being deleted."""
    return frozenset(pod.meta.uid for pod in session.pods() if pod.stays)
