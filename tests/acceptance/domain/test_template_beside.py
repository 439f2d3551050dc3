"""A template beside the one that is changed or deleted: what it shows of changes that reach too far."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.templates import template_beside
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.templates import TemplateApi
from tests.support.samples import Json, answer

DESCRIBED = {"name": "t", "image": "firefox:v1", "resources": {"cpu": "500m", "memory": "1Gi"}}
SENT = {"image": "firefox:v2", "resources": {"cpu": "1000m", "memory": "2Gi"}}


class _Results(dict[type, Any]):
    find = dict.get

    def put(self, result: Any) -> Any:
        self[type(result)] = result
        return result


class _Scenario:
    """One with a template, in a product that keeps its templates here. A change resets the fields `resets`."""

    def __init__(self, *, accepts: bool = True, profile: str = "plan") -> None:
        self.templates: dict[str, Json] = {}
        self.resets: Json = {}
        self._accepts = accepts
        self.clients = SimpleNamespace(profile=load(profile), budgets=Budgets(0.001))
        api = SimpleNamespace(
            profile=load(),
            can_change=TemplateApi(cast("Any", SimpleNamespace(profile=load(profile)))).can_change,
            get=self._read,
            change=self._change,
            listing=lambda: answer({}),
            listed=lambda _: list(self.templates.values()),
            id_of=lambda template: template["id"],
        )
        self.results = _Results()
        self.results.put(CreatedTemplate(DESCRIBED, answer(DESCRIBED, 201), "t"))
        self.results[TemplateRegistry] = SimpleNamespace(api=api, create=self._create, read=self._read)

    def _create(self, body: Json) -> CreatedTemplate:
        if not self._accepts:
            return CreatedTemplate(body, answer({}, 400), None)
        self.templates[body["name"]] = {**body, "id": body["name"], "version": 1}
        return CreatedTemplate(body, answer(body, 201), body["name"])

    def _read(self, template_id: str) -> Answer:
        return answer(self.templates[template_id]) if template_id in self.templates else answer({}, 404)

    def _change(self, template_id: str, sent: Json) -> Answer:
        self.templates[template_id] |= {**self.resets, **sent, "version": 2}
        return self._read(template_id)


def beside(*, accepts: bool = True, profile: str = "plan") -> Any:
    scenario: Any = _Scenario(accepts=accepts, profile=profile)
    template_beside.add(scenario)
    return scenario


def changing(scenario: Any) -> TemplateChange | None:
    scenario.results.put(TemplateChange({}, SENT, answer({}), answer({}), (), earlier={"image": "firefox:latest"}))
    return template_beside.change_too(scenario)


def test_template_beside_has_every_field_and_a_name_alike() -> None:
    (created,) = beside().templates.values()
    assert {"displayName", "description", "category"} < created.keys()
    assert (created["name"], created["image"], created["vnc"]) == ("t-2", "firefox:v1", {"port": template_beside.PORT})


def test_template_beside_has_no_port_of_its_own_where_each_change_names_one() -> None:
    (created,) = beside(profile="shipped-v2.0-beta").templates.values()
    assert created["vnc"] == {"port": 5900}


def test_template_beside_that_is_left_alone_is_unchanged() -> None:
    scenario = beside()
    assert template_beside.changes(scenario) == ()
    expect.templates.others_unchanged(())


@pytest.mark.parametrize(("field", "value"), [("image", "firefox:v2"), ("description", "")])
def test_template_beside_that_is_changed_fails(field: str, value: str) -> None:
    scenario = beside()
    scenario.templates["t-2"][field] = value
    found = template_beside.changes(scenario)
    assert f"template t-2: {field} reads" in found[0]
    with pytest.raises(Unmet, match="every template, or of all that are alike"):
        expect.templates.others_unchanged(found)


def test_template_beside_that_is_gone_fails() -> None:
    scenario = beside()
    scenario.templates.clear()
    assert "it is answered 404" in template_beside.changes(scenario)[0]


def test_template_beside_that_is_not_accepted_shows_nothing() -> None:
    scenario = beside(accepts=False)
    assert template_beside.changes(scenario) == ()
    assert changing(scenario) is None
    expect.templates.changed_too(None)


def test_without_a_template_beside_nothing_is_shown() -> None:
    scenario: Any = _Scenario()
    assert template_beside.changes(scenario) == ()
    assert changing(scenario) is None


def test_change_leaves_the_fields_that_it_does_not_name() -> None:
    expect.templates.changed_too(changing(beside()))


@pytest.mark.parametrize("resets", [{"description": ""}, {"category": ""}, {"vnc": {"port": 5900}}])
def test_change_that_resets_other_fields_fails(resets: Json) -> None:
    scenario = beside()
    scenario.resets = resets
    with pytest.raises(Unmet, match="fields that it does not name") as caught:
        expect.templates.changed_too(changing(scenario))
    assert next(iter(resets)) in caught.value.actual
