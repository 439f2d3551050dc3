"""A template beside the one that a scenario is about, used by no session: what is done to that one must not reach it.

It has every field of the plan's template, if possible with a port of its own, so it also shows what a change of few
fields leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.templates import change
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, Json, differences
from streamspace_acceptance.domain.templates.registry import TemplateRegistry

PORT = 5901
"""Not the one that a product may have for those that name none."""
LIKELY = "a change empties, or sets to a default, the fields that it does not name"


@dataclass(frozen=True)
class TemplateBeside:
    """Its id, None where the product did not accept it, and its content before anything was done to the other one."""

    id: str | None
    before: Json


def add(scenario: Scenario) -> None:
    """Creates it, of the same image and resources, under a name that begins with the other one's."""
    registry, other = scenario.results[TemplateRegistry], scenario.results[CreatedTemplate].described
    plans = scenario.clients.profile.templates["custom-firefox"]
    # Where every change names a port, by the profile, it would rightly change another one.
    port = {"vnc": {"port": PORT}} if registry.api.can_change(["vnc"]) else {}
    made = registry.create({**plans, **other, **port, "name": f"{other['name']}-2"})
    scenario.results.put(TemplateBeside(made.id, _content(registry, made.id)))


def _content(registry: TemplateRegistry, template_id: str | None) -> Json:
    return {} if template_id is None else change.content(registry.api, registry.read(template_id).content())


def changes(scenario: Scenario) -> tuple[str, ...]:
    """How it differs from what it was, a sentence each."""
    beside = scenario.results.find(TemplateBeside)
    if beside is None or beside.id is None or not beside.before:
        return ()
    answer = scenario.results[TemplateRegistry].read(beside.id)
    found = differences(beside.before, answer.content()) if answer.ok else [f"it is answered {answer.gist}"]
    return tuple(f"template {beside.id}: {difference}" for difference in found)


def change_too(scenario: Scenario) -> TemplateChange | None:
    """The changes of the other one, made of this one as well; None where there is none."""
    beside, made = scenario.results.find(TemplateBeside), scenario.results[TemplateChange]
    if beside is None or beside.id is None:
        return None
    api, calm = scenario.results[TemplateRegistry].api, scenario.clients.budgets.named("calm")
    return replace(change.make(api, beside.id, made.earlier, made.sent, calm), likely=LIKELY)
