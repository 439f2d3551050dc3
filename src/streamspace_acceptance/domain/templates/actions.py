"""The actions of a scenario on one template: describe, create and change it while sessions use it."""

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
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, Json
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
    everywhere(scenario)  # the look at it takes time, in which a session comes to run
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
        elapse_calmly(scenario)
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


def everywhere(scenario: Scenario) -> frozenset[str]:
    """Where the template can be found, once that is wherever it must be: a list may be some seconds old."""
    registry, template_id = scenario.results[TemplateRegistry], scenario.results[CreatedTemplate].accepted_id
    expected = deletion.expected_places(registry)
    with suppress(Unmet):
        return poll(
            wait_for(scenario, "seen in every place", "calm"),
            lambda: deletion.traces(registry, template_id),
            met=lambda found: expected <= found,
            says=lambda found: f"in {', '.join(sorted(found)) or 'no place'}",
            likely=lambda _: "it is not kept everywhere",
        )
    return deletion.traces(registry, template_id)


def _elapse_since_the_change(scenario: Scenario) -> None:
    """Lets the dwell pass, counted from the change of the template if there was one."""
    changed = scenario.results.find(TemplateChange)
    wait = wait_for(scenario, "it has no further effect", "dwell")
    elapse(wait if changed is None else Wait(wait.subject, wait.goal, wait.budget, changed.made_at))


def elapse_calmly(scenario: Scenario) -> None:
    elapse(wait_for(scenario, "it has no further effect", "calm"))


def wait_for(scenario: Scenario, goal: str, budget: str) -> Wait:
    template_id = scenario.results[CreatedTemplate].accepted_id
    return Wait(f"template {template_id}", goal, scenario.clients.budgets.named(budget))
