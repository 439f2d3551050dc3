"""Further templates beside the described one: with other texts, and so many that a list may leave some out."""

from __future__ import annotations

from contextlib import suppress

from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.templates.actions import TemplateDescription
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.waiting import Wait, poll

OTHER_TEXTS = {
    "displayName": """Zoë's "Café" & Søn, 100 % 日本""",
    "description": " ".join(["Ein größerer Text, with 'quotes', \"double\" ones & a plus + \\ 日本語."] * 4),
}
"""Texts of a valid template that stores, pages and JSON like to change."""
REQUIRED = ("image", "resources")
"""The fields of the plan's smallest template, beside its name."""
MANY = 51
"""So many more templates are listed: more than the first page of a list often has, which is 20, 25 or 50."""


def read_back_other_texts(scenario: Scenario) -> tuple[CreatedTemplate, Answer | None]:
    """A second template with quotes and letters of other languages in its texts, as it was created and as it reads.

    None when it was not accepted.
    """
    registry = scenario.results[TemplateRegistry]
    described = {**scenario.results[TemplateDescription], "name": registry.name("other-texts"), **OTHER_TEXTS}
    made = registry.create(described)
    return made, None if made.id is None else registry.read(made.id)


def missing_in_list(scenario: Scenario) -> tuple[int, list[str]]:
    """How many more templates were created, and those of them that the list does not show even after a while.

    Every second one has the required fields alone.
    """
    registry, described = scenario.results[TemplateRegistry], scenario.results[TemplateDescription]
    bare = {field: described[field] for field in REQUIRED}
    kinds = {"one-of-many": described, "bare-of-many": bare}
    bodies = [
        {**fields, "name": registry.name(f"{name}-{number}")}
        for number in range(1, MANY // 2 + 2)
        for name, fields in kinds.items()
    ]
    ids = {made.id for made in map(registry.create, bodies[:MANY]) if made.id is not None}

    def missing() -> list[str]:
        return sorted(ids - {registry.api.id_of(template) for template in registry.api.listed()})

    with suppress(Unmet):
        poll(
            Wait(f"{len(ids)} templates", "in the list of templates", scenario.clients.budgets.named("calm")),
            missing,
            met=lambda left: not left,
            says=lambda left: f"{len(left)} missing",
            likely=lambda _: "the list is cut short",
        )
    return len(ids), missing()
