"""Products that show templates in another form are as good as the plan's; a wrong content is wrong in each form."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.templates import deletion as deletions
from streamspace_acceptance.domain.templates.mistake_trials import attempt_all
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from tests.acceptance.domain.test_templates import NAME, READ, attempt, made, trial, unmet, unproven
from tests.acceptance.domain.test_templates_in_use import NEW, OLD, change, deletion, history, version
from tests.support.samples import Json, answer

SUMMARY: Json = {"id": NAME, "name": NAME, "image": READ["image"]}
NO_CONTENT = replace(answer({}, 204, method="PUT"), body=b"")


def test_creation_answered_by_an_id_alone_is_read_back() -> None:
    expect.templates.as_described(made({"id": NAME, "name": NAME}), answer(READ))
    assert "in the answer, image" in unmet(
        expect.templates.as_described, made({"id": NAME, "image": "x"}), answer(READ)
    )
    assert "in the template, image" in unmet(expect.templates.as_described, made({"id": NAME}), answer({"id": NAME}))


@pytest.mark.parametrize(
    ("id_", "troubles"), [(17, ""), ("17", ""), (None, "its id is None"), (True, "its id is True")]
)
def test_template_may_have_a_number(id_: object, troubles: str) -> None:
    created, read = made({**READ, "id": id_}), answer({**READ, "id": id_})
    if troubles:
        assert troubles in unmet(expect.templates.as_described, created, read)
    else:
        expect.templates.as_described(created, read)
    assert "ids {" in unmet(expect.templates.as_described, made({**READ, "id": 17}), answer({**READ, "id": 18}))


def test_list_may_show_less_but_nothing_else() -> None:
    expect.templates.listed(made(), (SUMMARY,), answer(READ))
    assert "image reads 'x'" in unmet(expect.templates.listed, made(), ({**SUMMARY, "image": "x"},), answer(READ))


def test_list_that_shows_a_wrong_template_as_it_is_is_right() -> None:
    wrong = {**SUMMARY, "image": "x"}
    expect.templates.listed(made(), (wrong,), answer({**READ, "image": "x"}))
    assert "image reads 'y'" in unmet(expect.templates.listed, made(), ({**wrong, "image": "y"},), answer(wrong))


def test_change_may_be_answered_without_content() -> None:
    expect.templates.changed(change(made_answer=NO_CONTENT))
    expect.templates.changed(change(made_answer=replace(NO_CONTENT, status=200)))
    assert "'null'" in unmet(
        expect.templates.changed, change(made_answer=replace(NO_CONTENT, status=200, body=b"null"))
    )
    expect.templates.changed(change(made_answer=answer({"id": NAME, "version": 2}), listed=({"id": NAME},)))
    assert "in the template, image" in unmet(
        expect.templates.changed, change(made_answer=NO_CONTENT, after=answer(OLD))
    )
    assert "in the list, image" in unmet(expect.templates.changed, change(listed=({"image": OLD["image"]},)))


@pytest.mark.parametrize("numbers", [("1.0.0", "1.0.1"), ("v1.9", "v1.10"), (1.0, 1.1)])
def test_versions_may_have_parts(numbers: tuple[object, object]) -> None:
    first, second = numbers
    expect.templates.history_kept(change(), history(version(first, OLD), version(second, NEW)))
    unmet(expect.templates.history_kept, change(), history(version(second, OLD), version(second, NEW)))


@pytest.mark.parametrize(
    "message",
    [
        "Template in use by 2 running sessions and 0 hibernated sessions",
        "Template in use by 2 sessions (1 running session, 1 hibernated session)",
        "Template in use, session(s): 2",
    ],
)
def test_count_may_come_with_its_parts(message: str) -> None:
    expect.deletions.says_how_many(deletion(message=message))


@pytest.mark.parametrize(
    "message",
    [
        "Template in use by 1 session: 1 running session",
        "Template in use by 2 sessions (3 running sessions)",
        "0 sessions",
        "session(s): 1",
    ],
)
def test_wrong_count_is_wrong_in_each_form(message: str) -> None:
    unmet(expect.deletions.says_how_many, deletion(message=message))


def test_refused_deletion_may_not_change_the_template() -> None:
    changed = deletion(changes=("image reads None, not 'x'",))
    assert "the template's image reads None" in unmet(expect.deletions.refused_in_use, changed)


class _Product:
    """Templates with generated ids; their objects in Kubernetes are named as `object_name` says."""

    def __init__(self, object_name: str, gone: int = 404) -> None:
        self.profile, self._object_name, self._gone = load(), object_name, gone
        self.templates: dict[str, Json] = {}

    def call(self, name: str, which: str = "", body: Any = None) -> Answer:
        if name == "create_template":
            return self._create(body)
        if name == "list_templates":
            return answer({"templates": list(self.templates.values())})
        if name == "get_template" and which in self.templates:
            return answer(self.templates[which])
        return answer({}, self._gone)

    def _create(self, body: Json) -> Answer:
        is_accepted = isinstance(body.get("image"), str) and not str(body["name"]).endswith("x")
        if not is_accepted:
            return answer({"message": "The field 'image' is bad."}, 400, method="POST")
        template = {**body, "id": f"4f0c-{len(self.templates)}"}
        self.templates[template["id"]] = template
        return answer(template, 201, method="POST")

    def objects(self, answer_: Answer, field: str) -> list[Json]:
        return cast("list[Json]", answer_.object()[field])

    def message(self, answer_: Answer) -> str:
        return str(answer_.object().get("message") or "")

    def raw_templates(self) -> list[Json]:
        return [
            {"metadata": {"name": self._object_name.format(**template), "uid": "u"}, "spec": template}
            for template in self.templates.values()
        ]


def registry(product: _Product) -> TemplateRegistry:
    api = SimpleNamespace(profile=product.profile, call=product.call, objects=product.objects, message=product.message)
    clients = SimpleNamespace(api=api, cluster=cast("Cluster", product), budgets=Budgets(0.003), stays={})
    return TemplateRegistry(cast("Clients", clients))


@pytest.mark.parametrize("object_name", ["{name}", "{id}", "tpl-{name}"])
def test_objects_are_known_by_name_and_by_id(object_name: str) -> None:
    product = _Product(object_name)
    templates = registry(product)
    sound = {"name": templates.name("custom-firefox"), **load().templates["custom-firefox"]}
    trial = attempt_all({"no image": ("image",)}, sound, templates)
    assert (trial.leftovers, trial.blind) == ((), ())
    control = trial.attempts[0].positive_control.accepted_id
    assert "Kubernetes" in deletions.traces(templates, control)
    product.templates["4f0c-9"] = {**sound, "id": "4f0c-9", "name": f"{sound['name']}-1x"}
    left = attempt_all({"no image": ("image",)}, sound, templates).leftovers
    assert any(leftover.endswith("in Kubernetes") for leftover in left)


@pytest.mark.parametrize("status", [404, 410])
def test_deleted_template_may_be_gone_for_good(status: int) -> None:
    assert "the API" not in deletions.traces(registry(_Product("{name}", gone=status)), "4f0c-0")


EARLIER: Json = {"image": "firefox:latest", "resources": {"cpu": "750m", "memory": "1536Mi"}}


def test_second_change_that_is_ignored_fails() -> None:
    twice = replace(change(), earlier=EARLIER, earlier_answer=answer({**OLD, **EARLIER}))
    expect.templates.changed(twice)
    ignored = replace(twice, after=answer({**OLD, **EARLIER}))
    assert "in the template, image reads 'firefox:latest'" in unmet(expect.templates.changed, ignored)
    refused = replace(twice, earlier_answer=answer({}, 409))
    assert "the change before is answered 409" in unmet(expect.templates.changed, refused)


def test_history_that_overwrites_a_version_fails() -> None:
    twice = replace(change(), earlier=EARLIER, earlier_answer=answer({**OLD, **EARLIER}))
    between = version(2, {**OLD, **EARLIER})
    expect.templates.history_kept(twice, history(version(1, OLD), between, version(3, NEW)))
    for kept in ((version(1, OLD), version(2, NEW)), (between, version(3, NEW)), (version(1, OLD), between)):
        unmet(expect.templates.history_kept, twice, history(*kept))


def test_limit_of_requests_is_no_word_about_a_mistake() -> None:
    limited = trial(attempt(), attempt("no cpu", status=429, message="Too many requests."))
    for check in (expect.mistakes.refused_clearly, expect.mistakes.all_caught):
        assert "429" in unproven(check, limited)
    unclear = trial(attempt(message="The template is invalid."), attempt("no cpu", status=429))
    assert "to no image" in unmet(expect.mistakes.refused_clearly, unclear)
