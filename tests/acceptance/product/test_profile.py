"""A contract profile is an overlay over the plan; a mistake in it is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.product.profile import load

SHIPPED = "shipped-v2.0-beta"


def refusal(folder: Path, text: str) -> str:
    file = folder / "own.toml"
    file.write_text(text)
    with pytest.raises(SetupProblem) as caught:
        load(str(file))
    return caught.value.sentence.removeprefix(f"The contract profile {file} ")


def test_the_plan_differs_from_itself_in_nothing() -> None:
    assert load().differences == {}


def test_overlay_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[calls.wake_session]\nmethod = "PUT"\n')
    profile = load(str(file))
    assert (profile.name, profile.calls["wake_session"].method) == ("own", "PUT")
    assert profile.calls["wake_session"].path == load().calls["wake_session"].path
    assert list(profile.differences) == ["calls.wake_session"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[fieldz]\n", "has an unknown key fieldz: the nearest known key is fields."),
        ('[fields]\nidd = "x"\n', "has an unknown key fields.idd: the nearest known key is fields.id."),
        ('[calls.wake]\npath = "/"\n', "has an unknown key calls.wake: the nearest known key is calls.wake_session."),
        ("[calls.health]\npaht = 1\n", "has an unknown key calls.health.paht: the nearest known key is "
         "calls.health.path."),
        ("[bodies.create_templat]\n", "has an unknown key bodies.create_templat: the nearest known key is "
         "bodies.create_template."),
        ("[pods]\nhome = 1\n", "says 1 for pods.home, which must be of the kind of '/home/user'."),
        ("[fields]\nid = []\n", "says [] for fields.id, which must be of the kind of 'sessionId'."),
        ('[no_counterpart]\n"3.2-1" = ""\n', "gives no reason for no_counterpart.3.2-1: let its value say why, "
         "as text."),
    ],
)  # fmt: skip
def test_profile_with_a_mistake_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(tmp_path, text) == sentence


def test_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "name = ").startswith("is not TOML: ")


def test_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SetupProblem, match=f"did you mean {SHIPPED}"):
        load("shipped-v2.0")


def test_shipped_contract_is_told_by_its_differences() -> None:
    differences = load(SHIPPED).differences
    assert (differences["fields.id"].plan, differences["fields.id"].product) == ("sessionId", "name")
    assert differences["calls.list_agents"].product == "GET /api/v1/admin/agents"
    assert differences["calls.create_session.status"].product == "202"
