"""The actions of a scenario on one template: describe, create, change and delete it while sessions use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from streamspace_acceptance.cluster.taken_pods import taken
from streamspace_acceptance.domain.sessions import actions, provision
from streamspace_acceptance.domain.sessions.provision import Provisioned
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.templates import change, deletion, sessions_of_template, template_beside
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.created_template import NOT_THERE, CreatedTemplate, Json, differences
from streamspace_acceptance.domain.templates.deletion import Deletion, Leftovers
from streamspace_acceptance.domain.templates.mistake_trials import MistakeTrial, attempt_all
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.domain.templates.sessions_of_template import wait_until_running
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.waiting import Wait, elapse, poll

_SEPARATOR = re.compile(r", | or ")
EARLIER_SIZE = {"cpu": "750m", "memory": "1536Mi"}
"""The amounts of the change before the plan's; the plan has others."""


class TemplateDescription(dict[str, Any]):
    """A template as it is described, before it is created."""


@dataclass
class TemplateUse:
    """The sessions that use the template: whose, in which status, and what the first one was given.

    No status: they were requested just now, and come to run.
    """

    user: str
    sessions: list[Session] = field(default_factory=list)
    status: str = ""
    before: Provisioned | None = None


@dataclass(frozen=True)
class SessionAtOnce:
    """The session that was requested right after the change of its template."""

    session: Session


def describe(scenario: Scenario, label: str, fields: Json | None = None) -> None:
    """Describes a template as the plan does, or by `fields`, under a name of the scenario's own."""
    name = scenario.results[TemplateRegistry].name(label)
    described = scenario.clients.profile.templates[label] if fields is None else fields
    scenario.results.put(TemplateDescription({"name": name, **described}))


def describe_by_table(scenario: Scenario, label: str, rows: Iterable[Any]) -> None:
    """Describes a template by the rows of a table."""
    describe(scenario, label, fields_of(rows))


def fields_of(rows: Iterable[Any]) -> Json:
    """The fields in the rows of a table: `resources.cpu | 1000m`; digits alone are a number."""
    fields: Json = {}
    for row in rows:
        group, _, name = row["field"].rpartition(".")
        value = int(row["value"]) if row["value"].isdigit() else row["value"]
        (fields.setdefault(group, {}) if group else fields)[name] = value
    return fields


def describe_provision(scenario: Scenario, label: str, image: str, size: Size) -> None:
    """Describes a template of an image with resources."""
    describe(scenario, label, {"image": image, "resources": dict(size)})


def create(scenario: Scenario) -> CreatedTemplate:
    """Creates the described template, whether the API accepts it or not."""
    return scenario.results.put(scenario.results[TemplateRegistry].create(scenario.results[TemplateDescription]))


def try_mistakes(scenario: Scenario, table: Sequence[Any]) -> None:
    """Creates the described template once with each mistake of a table, and beside it without.

    A mistake without an answer is for the criteria to judge.
    """
    mistakes = {row["mistake"]: tuple(_SEPARATOR.split(row["the error names"])) for row in table}
    described, registry = scenario.results[TemplateDescription], scenario.results[TemplateRegistry]
    try:
        scenario.results.put(attempt_all(mistakes, described, registry))
    except Unmet as unanswered:
        scenario.results.put_failure(MistakeTrial, unanswered)


def provide(scenario: Scenario, label: str, count: int, user: str) -> None:
    """A template with running sessions; Unmet when either is not created."""
    describe(scenario, label)
    use(scenario, count, user)


def use(scenario: Scenario, count: int, user: str) -> None:
    """The described template is created and has running sessions; Unmet when either is not created."""
    create(scenario)
    sessions = sessions_of_template.start(scenario, user, count)
    running = scenario.clients.profile.statuses["running"]
    scenario.results.put(TemplateUse(user, sessions, running, provision.look(sessions[0])))


def provide_starting(scenario: Scenario, label: str, count: int, user: str) -> None:
    """A template with sessions that were requested just now; Unmet when either is not created."""
    describe(scenario, label)
    create(scenario)
    _everywhere(scenario)  # the look at it takes time, in which a session comes to run
    scenario.results.put(TemplateUse(user, sessions_of_template.request(scenario, user, count)))


def read_back(scenario: Scenario) -> tuple[CreatedTemplate, Answer | None]:
    """The template as it was created, and as the API returns it; None when it was not accepted."""
    made = scenario.results[CreatedTemplate]
    return made, None if made.id is None else scenario.results[TemplateRegistry].read(made.id)


def listed(scenario: Scenario) -> tuple[CreatedTemplate, tuple[Json, ...], Answer]:
    """The template as it was created, its entries in the API's list, and as it reads; Unproven when there is none.

    A list may be some seconds old. Unmet when it has no such entry even then.
    """
    made, api = scenario.results[CreatedTemplate], scenario.results[TemplateRegistry].api
    if made.id is None:
        raise Unproven("no template was created (see 2.1-1)")
    template_id = made.id
    entries = poll(
        Wait(f"template {template_id}", "in the list of templates", scenario.clients.budgets.named("calm")),
        lambda: change.entries(api, template_id),
        met=bool,
        says=lambda found: f"{len(found)} entries of it",
        likely=lambda _: api.listing().likely("the list is not made from what there is"),
    )
    return made, entries, scenario.results[TemplateRegistry].read(template_id)


# Changing it


def make_change(scenario: Scenario, image: str, size: Size) -> None:
    """Changes the template's image and resources twice, at last to those, and requests a session at once.

    That session is for the user who has one already; whether it is created is for the criterion about it.
    """
    template_id, registry = scenario.results[CreatedTemplate].accepted_id, scenario.results[TemplateRegistry]
    earlier: Json = {
        "image": scenario.clients.profile.templates["custom-firefox"]["image"],
        "resources": EARLIER_SIZE,
    }
    sent: Json = {"image": image, "resources": dict(size)}
    template_beside.add(scenario)
    changed = scenario.results.put(
        change.make(registry.api, template_id, earlier, sent, registry.budgets.named("calm"))
    )
    if not changed.answer.ok:
        return
    try:
        user = scenario.results[TemplateUse].user
        scenario.results.put(SessionAtOnce(actions.request_new(scenario, user, template_id)))
    except Unmet as unmet:
        scenario.results.put_failure(SessionAtOnce, unmet)


def change_later(scenario: Scenario) -> TemplateChange:
    """The change once something that writes templates from time to time has had its turn."""
    changed, registry = scenario.results[TemplateChange], scenario.results[TemplateRegistry]
    _elapse_since_the_change(scenario)
    later = replace(changed, likely=change.NOT_KEPT)
    template_id = scenario.results[CreatedTemplate].accepted_id
    return scenario.results.put(change.read_again(registry.api, template_id, later, registry.budgets.named("calm")))


def new_session(scenario: Scenario, user: str) -> tuple[Provisioned, Json]:
    """The provision of a new running session, and the change of its template; Unproven without a change."""
    changed = _require_change(scenario)
    session = actions.request_new(scenario, user, scenario.results[CreatedTemplate].accepted_id)
    wait_until_running(session)
    return provision.look(session), changed.sent


def session_at_once(scenario: Scenario) -> tuple[Provisioned, Json]:
    """The same of the session that was requested right after the change, once its pod runs."""
    changed = _require_change(scenario)
    session = scenario.results[SessionAtOnce].session
    session.wait_for_running_pod(within="start")
    return provision.look(session), changed.sent


def before_and_now(scenario: Scenario) -> tuple[Provisioned, Provisioned, frozenset[str]]:
    """The provision of the running session before and now, and the uids of all pods that it has had.

    Something that compares sessions with their templates from time to time has had its turn by then.
    """
    use = scenario.results[TemplateUse]
    if use.before is None:
        raise Unproven("no session of the template runs")
    _elapse_since_the_change(scenario)
    now, there = provision.look(use.sessions[0]), {pod.meta.uid for pod in use.sessions[0].pods()}
    for pod in (pod for pod in use.before.pods if pod.meta.uid not in there):
        if why := taken(scenario.clients.cluster, pod.meta.uid, pod.node):
            raise Unproven(f"{use.sessions[0].subject}: {why}")
    if not all(pod.ready for pod in now.pods):  # on a busy node a probe fails for a moment
        _elapse_calmly(scenario)
        now = provision.look(use.sessions[0])
    return use.before, now, use.sessions[0].served_by()


def history(scenario: Scenario) -> tuple[TemplateChange, Answer]:
    """The change, and the product's own history of the template."""
    changed = _require_change(scenario)
    return changed, scenario.results[TemplateRegistry].api.versions(scenario.results[CreatedTemplate].accepted_id)


def _require_change(scenario: Scenario) -> TemplateChange:
    changed = scenario.results[TemplateChange]
    if changed.troubles and not (changed.answer.ok and changed.kept):  # a cache says nothing of what is stored
        raise Unproven("the template was not changed (see 2.2-1)")
    return changed


# Deleting it


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
    before, pods = _everywhere(scenario), [_pods(session) for session in use.sessions]
    beside = {
        session.id: _pods(session)
        for session in scenario.registry.sessions
        if session not in use.sessions and session.pods()
    }
    content = deletion.content(registry, template_id)
    answer = registry.api.delete(template_id)
    if not answer.ok:
        _elapse_calmly(scenario)
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


def _everywhere(scenario: Scenario) -> frozenset[str]:
    """Where the template can be found, once that is wherever it must be: a list may be some seconds old."""
    registry, template_id = scenario.results[TemplateRegistry], scenario.results[CreatedTemplate].accepted_id
    expected = deletion.expected_places(registry)
    with suppress(Unmet):
        return poll(
            _wait(scenario, "seen in every place", "calm"),
            lambda: deletion.traces(registry, template_id),
            met=lambda found: expected <= found,
            says=lambda found: f"in {', '.join(sorted(found)) or 'no place'}",
            likely=lambda _: "it is not kept everywhere",
        )
    return deletion.traces(registry, template_id)


def wait_until_deleted(scenario: Scenario) -> Deletion:
    """The API no longer knows the template; Unmet when it stays. A refused deletion is not waited for."""
    deleted, api = scenario.results[Deletion], scenario.results[TemplateRegistry].api
    if deleted.answer.ok:
        poll(
            _wait(scenario, "no longer known to the API", "deletion"),
            lambda: api.get(deleted.template),
            met=lambda answer: answer.status in NOT_THERE,
            says=lambda answer: f"the API answers {answer.status}",
            likely=lambda answer: answer.likely("the deletion was accepted but not carried out"),
        )
        _elapse_calmly(scenario)
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
        _wait(scenario, "nothing left", "deletion"),
        lambda: deletion.traces(registry, deleted.template),
        met=lambda left: not left,
        says=lambda left: f"left: {', '.join(sorted(left))}" if left else "gone",
        likely=lambda _: "the deletion does not reach every place in which templates are kept",
    )
    elapse(_wait(scenario, "it does not come back", "dwell"))
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


def _elapse_since_the_change(scenario: Scenario) -> None:
    """Lets the dwell pass, counted from the change of the template if there was one."""
    changed = scenario.results.find(TemplateChange)
    wait = _wait(scenario, "it has no further effect", "dwell")
    elapse(wait if changed is None else Wait(wait.subject, wait.goal, wait.budget, changed.made_at))


def _elapse_calmly(scenario: Scenario) -> None:
    elapse(_wait(scenario, "it has no further effect", "calm"))


def _wait(scenario: Scenario, goal: str, budget: str) -> Wait:
    template_id = scenario.results[CreatedTemplate].accepted_id
    return Wait(f"template {template_id}", goal, scenario.clients.budgets.named(budget))


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
