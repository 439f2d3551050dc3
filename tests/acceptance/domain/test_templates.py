"""What is expected of new templates: each expectation is seen to fail for each reason that it has, and to hold."""

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from behave.parser import parse_file

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.quantities import amount, same
from streamspace_acceptance.domain.templates.actions import fields_of
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, differences
from streamspace_acceptance.domain.templates.further_templates import OTHER_TEXTS
from streamspace_acceptance.domain.templates.mistake_trials import MistakeAttempt, MistakeTrial
from streamspace_acceptance.domain.templates.mistakes import MISTAKES
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.strict_json import overlaid
from tests.support.project import PROJECT
from tests.support.samples import Json, answer

FEATURES = PROJECT / "features" / "2_templates"
NAME = "custom-firefox-1a2b3c"
SOUND: Json = {"name": NAME, **load().templates["custom-firefox"]}
READ: Json = {**SOUND, "id": NAME, "version": 1, "updatedAt": "2026-01-01T00:00:00Z"}


def unmet(check: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(Unmet) as caught:
        check(*arguments)
    return str(caught.value)


def unproven(check: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(Unproven) as caught:
        check(*arguments)
    return caught.value.reason


# How amounts and descriptions compare


@pytest.mark.parametrize(
    ("one", "other"),
    [("1000m", "1"), ("2Gi", "2048Mi"), ("1.5", "1500m"), ("1e3", "1k"), ("+.5", "500m"), ("1E", "1e18")],
)
def test_amounts_that_are_the_same(one: str, other: str) -> None:
    assert amount(one) == amount(other)
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1m"), ("2G", "2Gi"), ("x", "x"), (1, "1"), ("1", None), ("\u0661", "1")]
)
def test_amounts_that_are_not(one: object, other: object) -> None:
    assert not same(one, other)


def test_what_reads_otherwise_is_named() -> None:
    assert differences(SOUND, READ) == []
    assert differences(SOUND, {**READ, "resources": {"cpu": "1", "memory": "2048Mi"}}) == []
    # No amounts, but the same before and after.
    others: dict[str, dict[str, object]] = {"resources": {"gpu": 1, "limits": None, "zones": []}}
    assert differences(others, others) == []
    assert differences(others, {"resources": {"gpu": 2, "limits": None, "zones": []}}) == [
        "resources.gpu reads 2, not 1"
    ]
    assert differences({"vnc": {"port": 5900}}, {"vnc": {"port": 5900.0}}) == ["vnc.port reads 5900.0, not 5900"]
    assert differences({"a": 1}, {"a": True}) == ["a reads True, not 1"]
    assert differences({"vnc": {"port": 1}}, {"vnc": None}) == ["vnc reads None"]
    assert differences(SOUND, {**READ, "image": f"docker.io/{SOUND['image']}"}) == []
    assert differences({"id": "a"}, {"id": "docker.io/a"}) == ["id reads 'docker.io/a', not 'a'"]
    assert differences(SOUND, {**READ, "image": "other"}) == [f"image reads 'other', not {SOUND['image']!r}"]


def test_a_change_is_laid_over_field_by_field() -> None:
    base = {"image": "a", "resources": {"cpu": "1", "memory": "1Gi"}}
    assert overlaid(base, {"resources": {"cpu": "2"}}) == {"image": "a", "resources": {"cpu": "2", "memory": "1Gi"}}


# 2.1


def made(body: object = READ, status: int = 201) -> CreatedTemplate:
    return CreatedTemplate(SOUND, answer(body, status, method="POST"), NAME if status < 300 else None)


def test_a_template_as_described() -> None:
    expect.templates.as_described(made(), answer(READ))


@pytest.mark.parametrize(
    ("template", "read", "says"),
    [
        (made({"message": "no"}, 500), None, "500"),
        (made(), answer({}, 404), "404"),
        (made({**READ, "image": "x"}), answer(READ), "in the answer, image"),
        (made(), answer({**READ, "vnc": {"port": 5901}}), "in the template, vnc.port"),
        (made(), answer({**READ, "resources": {"cpu": "1000m", "memory": "1Gi"}}), "resources.memory"),
        (made(), answer({**READ, "id": "other"}), "other"),
        (made({**READ, "id": ["7"]}), answer({**READ, "id": ["7"]}), "id is ['7']"),
        (made(), answer([READ]), "a JSON list"),
    ],
)
def test_a_template_that_is_not(template: CreatedTemplate, read: Any, says: str) -> None:
    assert says in unmet(expect.templates.as_described, template, read)


OTHER: Json = {**READ, **OTHER_TEXTS}


def other_texts(status: int = 201) -> CreatedTemplate:
    described = {**SOUND, **OTHER_TEXTS}
    return CreatedTemplate(described, answer(OTHER, status, method="POST"), NAME if status < 300 else None)


def test_other_texts_are_kept_or_refused() -> None:
    expect.templates.text_kept(other_texts(), answer(OTHER))
    expect.templates.text_kept(other_texts(422), None)


@pytest.mark.parametrize(
    ("made_of", "read", "says"),
    [
        (other_texts(500), None, "the API fails at such texts"),
        (other_texts(), answer({**OTHER, "displayName": html.escape(OTHER["displayName"])}), "&amp;"),
        (other_texts(), answer({**OTHER, "displayName": "Zo?'s"}), "displayName reads"),
        (other_texts(), answer({**OTHER, "description": OTHER["description"][:255]}), "the end of a long text"),
    ],
)
def test_other_texts_that_are_changed_fail(made_of: CreatedTemplate, read: Any, says: str) -> None:
    assert says in unmet(expect.templates.text_kept, made_of, read)


def test_on_offer_is_once_under_its_name() -> None:
    expect.templates.listed(made(), (READ,), answer(READ))
    for entries in ((), (READ, READ), ({**READ, "name": "other"},)):
        unmet(expect.templates.listed, made(), entries, answer(READ))


def test_list_shows_further_templates() -> None:
    expect.templates.all_listed(25, [])
    missing = [f"one-of-many-{number}" for number in range(21, 26)]
    said = unmet(expect.templates.all_listed, 25, missing)
    assert "5 are missing: one-of-many-21, one-of-many-22, one-of-many-23 and others" in said
    assert "the list ends after so many entries" in said
    assert "without optional fields" in unmet(expect.templates.all_listed, 25, ["bare-of-many-1", "bare-of-many-2"])


FIELDS = {"no image": ("image",), "an empty name": ("name",), "no cpu": ("cpu",)}


def attempt(
    words: str = "no image", status: int = 400, message: str = "The field 'image' is missing."
) -> MistakeAttempt:
    said = answer({"error": "x", "message": message} if status >= 400 else READ, status, method="POST")
    return MistakeAttempt(words, FIELDS[words], made(), said, message, f"{NAME}x")


def trial(*attempts: MistakeAttempt, leftovers: tuple[str, ...] = (), blind: tuple[str, ...] = ()) -> MistakeTrial:
    return MistakeTrial(
        attempts or (attempt(), attempt("an empty name", message="The field 'name' is bad.")), leftovers, blind
    )


def test_a_clear_refusal_names_the_field() -> None:
    expect.mistakes.refused_clearly(trial())
    expect.mistakes.refused_clearly(trial(attempt("no cpu", message="The field 'resources.cpu' is missing.")))


@pytest.mark.parametrize(
    "unclear",
    [
        attempt(message="The template is invalid."),
        attempt(message="The field 'images' is missing."),
        attempt(message=""),
        attempt(status=500),
        attempt(status=404),
        attempt("an empty name", message="The field 'image' must be such as 'registry/path/name:tag'."),
    ],
)
def test_an_unclear_refusal(unclear: MistakeAttempt) -> None:
    assert unclear.words in unmet(expect.mistakes.refused_clearly, trial(attempt(), unclear))


def test_refusals_with_one_answer_are_told_once() -> None:
    vague = [attempt(words, message="The template is invalid.") for words in ("no image", "no cpu")]
    said = unmet(expect.mistakes.refused_clearly, trial(*vague))
    assert said.count("The template is invalid.") == 1
    assert "to 2 mistakes: no image, no cpu" in said


def test_success_that_tells_an_error_is_no_acceptance() -> None:
    tried = replace(attempt(), answer=answer({"error": "x", "message": "The field 'image' is missing."}, method="POST"))
    expect.mistakes.all_caught(trial(tried))
    assert "200 {" in unmet(expect.mistakes.refused_clearly, trial(tried))


def test_without_a_refusal_there_is_no_error_to_read() -> None:
    assert "no image" in unproven(expect.mistakes.refused_clearly, trial(attempt(status=201)))


def test_all_mistakes_are_caught() -> None:
    expect.mistakes.all_caught(trial())
    expect.mistakes.all_caught(trial(attempt(message="?"), attempt(status=500)))


@pytest.mark.parametrize(
    ("tried", "says"),
    [
        (trial(attempt(status=201)), "no image: accepted with 201"),
        (trial(leftovers=("x in Kubernetes",)), "x in Kubernetes"),
        (trial(replace(attempt(), control_changes=("image reads 'v2'",))), "image reads 'v2'"),
    ],
)
def test_a_mistake_that_is_not_caught(tried: MistakeTrial, says: str) -> None:
    assert says in unmet(expect.mistakes.all_caught, tried)


def test_change_to_a_mistake_that_is_accepted_fails() -> None:
    changed = replace(trial(), changes=("a change to an empty image: accepted with 200",))
    said = unmet(expect.mistakes.all_caught, changed)
    assert "a change to an empty image: accepted with 200" in said
    assert "likely:   templates are validated when they are created, and not when they are changed" in said
    both = replace(trial(attempt(status=201)), changes=changed.changes)
    assert "likely:   this is not validated" in unmet(expect.mistakes.all_caught, both)


def test_accepted_template_is_told_once() -> None:
    left = (f"{NAME}x in the API's list", f"{NAME}x by its name", "other in the API's list")
    said = unmet(expect.mistakes.all_caught, trial(attempt(status=201), leftovers=left))
    assert "actual:   no image: accepted with 201; other in the API's list\n" in said


def test_where_the_twins_are_not_seen_nothing_follows() -> None:
    assert "Kubernetes" in unproven(expect.mistakes.all_caught, trial(blind=("Kubernetes",)))


@pytest.mark.parametrize("check", [expect.mistakes.refused_clearly, expect.mistakes.all_caught])
def test_a_refusal_of_everything_shows_nothing(check: Callable[..., object]) -> None:
    refused = replace(attempt(), positive_control=made({}, 500))
    assert "without the mistake was refused" in unproven(check, trial(refused))
    assert "no mistake was made" in unproven(check, MistakeTrial((), (), ()))


def test_the_feature_tries_every_mistake_and_each_spoils() -> None:
    feature = parse_file(str(FEATURES / "2.1_template_creation_and_validation.feature"))
    described, mistakes = (step.table for scenario in feature.walk_scenarios() for step in scenario.steps if step.table)
    assert [row["mistake"] for row in mistakes] == list(MISTAKES)
    invalid = [mistake(SOUND, "existing") for mistake in MISTAKES.values()]
    assert {"name": NAME, **load().templates["custom-firefox"]} == SOUND
    assert {"name": NAME, **fields_of(described)} == SOUND
    assert all(template != SOUND for template in invalid)
    assert all(invalid.count(template) == 1 for template in invalid)
