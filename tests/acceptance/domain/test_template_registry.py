"""Templates against a product in memory: made and removed, tried with mistakes, deleted, and what is seen of them."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.templates import actions, change, deletion
from streamspace_acceptance.domain.templates import registry as registry_module
from streamspace_acceptance.domain.templates.actions import TemplateDescription
from streamspace_acceptance.domain.templates.mistake_trials import MistakeTrial, attempt_all
from streamspace_acceptance.domain.templates.mistakes import CHANGED, MISTAKES, OF_A_CREATION
from streamspace_acceptance.domain.templates.registry import DELETED, LISTED, NAMELESS, NOTHING_LEFT, TemplateRegistry
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp, Unmet, Unproven
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.waiting import Budget
from tests.support.samples import Json
from tests.support.web_server import says, web_server

OTHERS = {"id": "others", "name": "others", "description": "of somebody else"}
PLAN = load()


class _Product:
    """An API with templates, and the Kubernetes beside it. `trouble` names how it misbehaves."""

    def __init__(self) -> None:
        self.templates: dict[str, Json] = {"others": OTHERS}
        self.mirror: dict[str, Json] | None = self.templates
        self.deleted: list[str] = []
        self.trouble = ""
        self.earlier: list[Json] | None = None
        self.before: Json = {}
        self.reads_until_changed = 0
        self.says_of_change = b""
        self.ends = 0  # so many answers to a mistake end before they begin
        self.prefix = ""

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        template_id = request.path.removeprefix("/api/v1/templates").strip("/").partition("/")[0]
        if request.command == "POST":
            self._create(request)
        elif request.command == "DELETE":
            self._delete(request, template_id)
        elif request.command == "PUT":
            self._change(request, template_id)
        else:
            self._show(request, template_id)

    def _show(self, request: BaseHTTPRequestHandler, template_id: str) -> None:
        template_id = template_id.removeprefix(self.prefix)
        if self.trouble == ("no reading" if template_id else "no list"):
            _say(request, {"error": "internal", "message": "?"}, 500)
        elif not template_id:
            listed = list(self.templates.values()) if self.earlier is None else self.earlier
            _say(request, {"templates": listed}, cache="MISS" if self.earlier is None else "HIT")
        elif template_id not in self.templates:
            _say(request, {"error": "template_not_found", "message": "?"}, 200 if self.trouble == "any name" else 404)
        elif request.path.endswith("/versions"):
            _say(request, {"versions": [{"version": 1}]})
        elif self.reads_until_changed > 0:
            self.reads_until_changed -= 1
            _say(request, self.before, cache="HIT")
        else:
            _say(request, self.templates[template_id])

    def _change(self, request: BaseHTTPRequestHandler, template_id: str) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        template_id = template_id.removeprefix(self.prefix)
        self.before = self.templates[template_id]
        self.templates[template_id] = {**self.before, **body, "etag": "2"}
        says(self.says_of_change or json.dumps(self.templates[template_id]).encode())(request)

    def _create(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        if self.ends and "image" not in body:
            self.ends -= 1
            request.close_connection = True
            return
        if self.trouble != "takes anything" and (body.get("image") is None or body["name"] in self.templates):
            _say(request, {"error": "x", "message": "The field 'image' is missing, or the name exists."}, 400)
            return
        name = str(body.get("name", "unnamed"))
        self.templates[name] = {**body, "id": f"{self.prefix}{name}"}
        if self.trouble == "no answer":
            request.close_connection = True
            return
        _say(request, {} if self.trouble == "no id" else self.templates[name], 201)

    def _delete(self, request: BaseHTTPRequestHandler, template_id: str) -> None:
        self.deleted.append(template_id)
        template_id = template_id.removeprefix(self.prefix)
        in_use_for_a_moment = self.trouble == "in use for a moment" and len(self.deleted) == 1
        if self.trouble == "undeletable" or in_use_for_a_moment:
            _say(request, {"error": "template_in_use", "message": "Template in use by 1 sessions"}, 409)
            return
        if template_id not in self.templates:
            _say(request, {"error": "template_not_found", "message": "?"}, 404)
            return
        if self.trouble != "stays":
            self.templates.pop(template_id, None)
        _say(request, {}, 200)

    def raw_templates(self) -> list[Json] | None:
        if self.mirror is None:
            return None
        return [{"metadata": {"name": name, "uid": name}, "spec": spec} for name, spec in self.mirror.items()]


def _say(request: BaseHTTPRequestHandler, body: Json, status: int = 200, cache: str = "") -> None:
    says(json.dumps(body).encode(), status, headers={"X-Cache": cache} if cache else {})(request)


@pytest.fixture
def product() -> _Product:
    return _Product()


@pytest.fixture
def registry(product: _Product, request: pytest.FixtureRequest) -> Iterator[TemplateRegistry]:
    """Budgets of a few looks, or as the test chooses."""
    budgets = Budgets(getattr(request, "param", 0.003))
    with web_server(product.respond) as url, HttpClient(url, "t") as client:
        yield TemplateRegistry(Clients(StreamSpaceApi(client, PLAN), cast("Cluster", product), budgets))


def sound(registry: TemplateRegistry) -> Json:
    return {"name": registry.name("custom-firefox"), **PLAN.templates["custom-firefox"]}


def test_what_was_made_is_deleted_and_what_others_made_is_not(registry: TemplateRegistry, product: _Product) -> None:
    made = registry.create(sound(registry))
    registry.clean_up()
    assert (product.deleted, list(product.templates)) == ([made.id], ["others"])


def test_nothing_made_nothing_deleted(registry: TemplateRegistry, product: _Product) -> None:
    registry.clean_up()
    registry.create({**sound(registry), "image": None})
    registry.clean_up()
    assert product.deleted == []


def test_a_template_without_an_id_is_deleted_by_its_name(registry: TemplateRegistry, product: _Product) -> None:
    product.trouble = "no id"
    assert registry.create(sound(registry)).id == registry.name("custom-firefox")
    registry.clean_up()
    assert list(product.templates) == ["others"]


def test_a_template_without_any_answer_is_deleted_too(registry: TemplateRegistry, product: _Product) -> None:
    product.trouble = "no answer"
    with pytest.raises(NoAnswer):
        registry.create(sound(registry))
    registry.clean_up()
    assert list(product.templates) == ["others"]


def test_template_that_counts_as_used_for_a_moment_is_deleted_again(
    registry: TemplateRegistry, product: _Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "AGAIN_SECONDS", 0.0)
    name = registry.create(sound(registry)).id
    product.trouble = "in use for a moment"
    registry.clean_up()
    assert product.deleted == [name, name]


@pytest.mark.parametrize("trouble", ["undeletable", "stays"])
def test_what_the_product_keeps_is_a_leak(registry: TemplateRegistry, product: _Product, trouble: str) -> None:
    name = registry.create(sound(registry)).id
    product.trouble = trouble
    with pytest.raises(CleanupFailure, match=str(name)) as caught:
        registry.clean_up()
    assert caught.value.answered_by == "the template is deleted"


@pytest.mark.parametrize("trouble", ["no list", "no reading"])
def test_template_that_cannot_be_seen_is_deleted(registry: TemplateRegistry, product: _Product, trouble: str) -> None:
    product.trouble = trouble
    registry.create(sound(registry))
    registry.clean_up()
    assert list(product.templates) == ["others"]


def test_template_without_a_name_is_found_beyond_the_plan(registry: TemplateRegistry, product: _Product) -> None:
    registry.create(sound(registry))
    product.templates["7"] = {"name": "", "description": f"without a name, {registry.mark}"}
    product.mirror = None
    with pytest.raises(FoundByCleanUp, match="it has accepted 1 of this scenario") as caught:
        registry.clean_up()
    assert caught.value.kind == NAMELESS
    assert list(product.templates) == ["others", "7"]


def test_what_stays_in_kubernetes_is_a_leak(registry: TemplateRegistry, product: _Product) -> None:
    name = registry.create(sound(registry)).id
    product.mirror = dict(product.templates)
    with pytest.raises(CleanupFailure, match=f"{name} in Kubernetes") as caught:
        registry.clean_up()
    assert caught.value.answered_by == "nothing is left of the template"


def test_the_sentences_that_answer_for_leaks_are_the_plans() -> None:
    sentences = {criterion.sentence for criterion in Register.load().criteria() if criterion.id in ("2.3-3", "2.3-4")}
    assert sentences == {DELETED, NOTHING_LEFT}


def tried(registry: TemplateRegistry, *words: str) -> MistakeTrial:
    return attempt_all(dict.fromkeys(words, ("image", "name")), sound(registry), registry)


def test_a_mistake_that_is_caught_leaves_only_its_twin(registry: TemplateRegistry, product: _Product) -> None:
    trial = tried(registry, "no image", "the name of a template that exists")
    assert [(attempt.answer.status, attempt.names_field, attempt.control_changes) for attempt in trial.attempts] == [
        (400, True, ())
    ] * 2
    assert (trial.leftovers, trial.blind) == ((), ())
    registry.clean_up()
    assert list(product.templates) == ["others"]


def test_connection_that_ends_once_says_nothing_of_a_mistake(registry: TemplateRegistry, product: _Product) -> None:
    product.ends = 1
    (attempt,) = tried(registry, "no image").attempts
    assert (attempt.answer.status, product.ends) == (400, 0)


def test_mistake_at_which_each_connection_ends_is_unmet(registry: TemplateRegistry, product: _Product) -> None:
    product.ends = 9
    with pytest.raises(Unmet, match="so it was 2 times, while another call was answered") as caught:
        tried(registry, "no image")
    assert caught.value.subject == "a template with no image"


def test_mistake_without_an_answer_is_for_the_criteria_to_judge(registry: TemplateRegistry, product: _Product) -> None:
    product.ends = 9
    results = Results()
    results.put(TemplateDescription(sound(registry)))
    results.put(registry)
    scenario: Any = SimpleNamespace(results=results)
    actions.try_mistakes(scenario, [{"mistake": "no image", "the error names": "image"}])
    with pytest.raises(Unmet, match="the API fails at this mistake"):
        results[MistakeTrial]
    with pytest.raises(Unproven):
        results[MistakeTrial]


@pytest.mark.parametrize("registry", [1.0], indirect=True)
def test_list_that_shows_the_twins_late_is_looked_at_again(
    registry: TemplateRegistry, product: _Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: Iterator[list[Json] | None] = iter([[], [], None])
    monkeypatch.setattr(product, "_show", lambda request, name: _late(product, looks, request, name))
    assert tried(registry, "no image").blind == ()


def _late(product: _Product, looks: Iterator[list[Json] | None], request: BaseHTTPRequestHandler, name: str) -> None:
    product.earlier = next(looks, None) if not name else None
    _Product._show(product, request, name)


def test_twin_with_an_id_of_its_own_that_answers_by_name_is_none(registry: TemplateRegistry, product: _Product) -> None:
    product.prefix = "id-"
    trial = tried(registry, "no image", "the name of a template that exists")
    assert trial.leftovers == ()


@pytest.mark.parametrize(
    ("said", "troubles"), [(b"null", ["the answer is 'null'"]), (b"{}", []), (b'{"image": "new"}', [])]
)
def test_answer_to_a_change_may_be_short_and_no_text(
    registry: TemplateRegistry, product: _Product, said: bytes, troubles: list[str]
) -> None:
    name = registry.create(sound(registry)).id
    product.says_of_change = said
    made = change.make(registry.api, str(name), {"image": "old"}, {"image": "new"}, Budget("start", 0.1, 1.0))
    assert made.troubles == troubles


@pytest.mark.parametrize(
    ("trouble", "place"),
    [("no list", "the API's list"), ("no reading", "the API by its name"), ("any name", "the API by its name")],
)
def test_place_that_cannot_be_seen_is_blind(
    registry: TemplateRegistry, product: _Product, trouble: str, place: str
) -> None:
    product.trouble = trouble
    trial = tried(registry, "no image")
    assert (trial.leftovers, trial.blind) == ((), (place,))


def test_a_mistake_that_is_not_caught_is_found_and_removed(registry: TemplateRegistry, product: _Product) -> None:
    product.trouble = "takes anything"
    trial = tried(registry, "no image", "no name", "the name of a template that exists")
    name = f"{registry.name('custom-firefox')}-1x"
    assert {f"{name} in the API's list", f"{name} in Kubernetes", f"{name} by its name"} < set(trial.leftovers)
    assert "unnamed in the API's list" in trial.leftovers
    assert trial.attempts[2].control_changes == (
        "image reads 'streamspace/firefox:v2', not 'streamspace/firefox:latest'",
    )
    registry.clean_up()
    assert list(product.templates) == ["others"]


def test_refused_change_that_is_made_all_the_same_is_found(
    registry: TemplateRegistry, product: _Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "_change", lambda request, name: _refuse_and_change(product, request, name))
    assert set(tried(registry, "no image").changes) == {
        "a change to an empty image: refused with 400, and made all the same: "
        "image reads '', not 'streamspace/firefox:latest'"
    }


def _refuse_and_change(product: _Product, request: BaseHTTPRequestHandler, name: str) -> None:
    body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
    if body.get("image") == "":
        product.templates[name] = {**product.templates[name], **body}
    _say(request, {"error": "x", "message": "?"}, 400)


@pytest.mark.parametrize(("looks", "status"), [(3, 200), (10**6, 404)])
def test_template_that_is_known_a_moment_late_is_read_again(
    registry: TemplateRegistry, product: _Product, monkeypatch: pytest.MonkeyPatch, looks: int, status: int
) -> None:
    monkeypatch.setattr(registry_module, "BEHIND_SECONDS", 0.5)
    name, left = str(registry.create(sound(registry)).id), [looks]

    def show(request: BaseHTTPRequestHandler, template_id: str) -> None:
        left[0] -= 1
        _Product._show(product, request, template_id if left[0] <= 0 else "not-yet")

    monkeypatch.setattr(product, "_show", show)
    assert registry.read(name).status == status


def test_what_does_not_show_the_twins_is_blind(registry: TemplateRegistry, product: _Product) -> None:
    product.mirror = {}
    assert tried(registry, "no image").blind == ("Kubernetes",)
    product.mirror = None
    assert tried(registry, "no image").blind == ()


def test_where_a_template_is_found(registry: TemplateRegistry, product: _Product) -> None:
    template_id = str(registry.create(sound(registry)).id)
    everywhere = {deletion.API, deletion.LIST, deletion.HISTORY, deletion.KUBERNETES}
    assert deletion.traces(registry, template_id) == everywhere
    assert deletion.expected_places(registry) == everywhere - {deletion.HISTORY}
    assert change.entries(registry.api, template_id) == (product.templates[template_id],)
    product.mirror = dict(product.templates)
    registry.api.delete(template_id)
    assert deletion.traces(registry, template_id) == {deletion.KUBERNETES}
    product.mirror = None
    assert deletion.traces(registry, template_id) == frozenset()
    assert deletion.expected_places(registry) == {deletion.API, deletion.LIST}


def test_list_from_before_the_deletion_is_a_finding(registry: TemplateRegistry, product: _Product) -> None:
    name = registry.create(sound(registry)).id
    product.earlier, product.mirror = list(product.templates.values()), {}
    with pytest.raises(FoundByCleanUp, match=str(name)) as caught:
        registry.clean_up()
    assert caught.value.kind == LISTED


def test_templates_are_not_sought_where_no_objects_are(product: _Product) -> None:
    with web_server(product.respond) as url, HttpClient(url, "t") as client:
        api = StreamSpaceApi(client, load("shipped-v2.0-beta"))
        registry = TemplateRegistry(Clients(api, cast("Cluster", product), Budgets(0.003)))
    assert registry.in_kubernetes() == []
    assert deletion.expected_places(registry) == {deletion.API, deletion.LIST}


def changed(registry: TemplateRegistry, seconds: float) -> change.TemplateChange:
    sent, earlier = {"image": "streamspace/firefox:v2"}, {"image": "streamspace/firefox:latest"}
    made = registry.create({**sound(registry), "etag": "1"})
    return change.make(registry.api, str(made.id), earlier, sent, Budget("calm", seconds, 1.0))


def test_change_that_reads_late_is_read_again(registry: TemplateRegistry, product: _Product) -> None:
    product.reads_until_changed = 3
    made = changed(registry, 20.0)
    assert (made.troubles, made.kept, product.reads_until_changed) == ([], "", 0)


def test_change_that_was_undone_is_seen_later(registry: TemplateRegistry, product: _Product) -> None:
    made = changed(registry, 20.0)
    template_id = str(made.after.object()["id"])
    assert change.read_again(registry.api, template_id, made, Budget("calm", 0.1, 1.0)).troubles == []
    product.templates[template_id] = product.before
    assert change.read_again(registry.api, template_id, made, Budget("calm", 0.1, 1.0)).troubles


@pytest.mark.parametrize(("takes", "changes"), [(False, 0), (True, len(CHANGED))])
def test_mistakes_are_tried_in_changes_too(
    registry: TemplateRegistry, product: _Product, monkeypatch: pytest.MonkeyPatch, takes: bool, changes: int
) -> None:
    if not takes:
        error = b'{"error": "invalid_field", "message": "The field is bad."}'
        monkeypatch.setattr(product, "_change", lambda request, _: says(error)(request))
    assert len(tried(registry, "no image").changes) == changes
    assert "a category that is a list" in CHANGED
    assert set(MISTAKES) > OF_A_CREATION


def test_change_behind_a_cache_names_the_cache(registry: TemplateRegistry, product: _Product) -> None:
    product.reads_until_changed = 10**9
    made = changed(registry, 0.2)
    assert made.kept == "X-Cache: HIT"
    assert any("in the template, image" in trouble for trouble in made.troubles)


def test_leak_of_many_templates_names_the_first_few(registry: TemplateRegistry, product: _Product) -> None:
    for number in range(5):
        registry.create({**sound(registry), "name": registry.name(f"t-{number}")})
    product.trouble = "stays"
    with pytest.raises(CleanupFailure, match=r"t-2-.* and 2 more"):
        registry.clean_up()
