"""A template in the list of templates, which may be some seconds old."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.templates import actions, further_templates
from streamspace_acceptance.domain.templates.actions import TemplateDescription
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from tests.support.samples import answer

ENTRY = {"id": "t"}


class Scenario:
    """One that has created a template; the list has an entry of it from the look number `since` on."""

    def __init__(self, since: float) -> None:
        self.looks, self.since = 0, since
        listing = answer({}, kept="X-Cache: HIT")
        api = SimpleNamespace(
            listed=self._listed,
            id_of=lambda template: template["id"],
            listing=lambda: listing,
            get=lambda template: answer({"id": template}),
        )
        self.results: Any = {
            CreatedTemplate: SimpleNamespace(id="t"),
            TemplateRegistry: SimpleNamespace(api=api, read=api.get),
        }
        self.clients = SimpleNamespace(budgets=Budgets(0.1))

    def _listed(self, _listing: Answer | None = None) -> list[dict[str, str]]:
        self.looks += 1
        return [{"id": "another"}, *([ENTRY] if self.looks >= self.since else [])]


def test_a_list_that_is_a_moment_old_is_looked_at_again() -> None:
    scenario: Any = Scenario(since=3)
    assert actions.listed(scenario)[1] == (ENTRY,)
    assert scenario.looks == 3


def test_a_template_that_is_never_listed_fails() -> None:
    with pytest.raises(Unmet, match="in the list of templates within the calm budget") as caught:
        actions.listed(Scenario(since=float("inf")))  # type: ignore[arg-type]
    assert caught.value.likely == "the answer is an earlier one, from a cache (X-Cache: HIT)"


@pytest.mark.parametrize("hidden", [(), ("bare-of-many-1",)])
def test_every_second_further_template_has_required_fields_alone(hidden: tuple[str, ...]) -> None:
    bodies: list[dict[str, Any]] = []

    def create(body: dict[str, Any]) -> CreatedTemplate:
        bodies.append(body)
        return CreatedTemplate(body, answer(body, 201), body["name"])

    api = SimpleNamespace(
        listed=lambda: [body for body in bodies if body["name"] not in hidden], id_of=lambda body: body["name"]
    )
    described = TemplateDescription(name="t", image="i", resources={}, category="browsers")
    registry = SimpleNamespace(api=api, create=create, name=str)
    scenario: Any = SimpleNamespace(
        results={TemplateRegistry: registry, TemplateDescription: described},
        clients=SimpleNamespace(budgets=Budgets(0.001)),
    )
    assert further_templates.missing_in_list(scenario) == (further_templates.MANY, list(hidden))
    assert len({body["name"] for body in bodies}) == further_templates.MANY
    assert len([body for body in bodies if "category" not in body]) == further_templates.MANY // 2
