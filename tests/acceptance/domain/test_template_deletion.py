"""The deletion of a template: where it is looked for before, and that it does not come back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.templates import deletion, deletion_actions, template_beside
from streamspace_acceptance.domain.templates.actions import TemplateUse
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.deletion import API, KUBERNETES, LIST, Deletion
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load
from tests.support.samples import answer, pod

EVERYWHERE, NOWHERE = frozenset({API, LIST, KUBERNETES}), frozenset[str]()


def deleting(monkeypatch: pytest.MonkeyPatch, looks: Iterable[frozenset[str]]) -> Any:
    """A scenario whose template is found in those places, look by look; the last look stays."""
    left = list(looks)
    monkeypatch.setattr(deletion, "traces", lambda *_: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(deletion, "content", lambda *_: {})
    monkeypatch.setattr(template_beside, "add", lambda _: None)
    monkeypatch.setattr(template_beside, "changes", lambda _: ())
    api = SimpleNamespace(
        delete=lambda _: answer({}, 200, method="DELETE"), get=lambda _: answer({}, 404), message=lambda _: ""
    )
    return SimpleNamespace(
        results={
            CreatedTemplate: SimpleNamespace(accepted_id="t"),
            TemplateRegistry: SimpleNamespace(api=api, mirrored=True),
            TemplateUse: SimpleNamespace(sessions=[], status=""),
            Deletion: SimpleNamespace(template="t", was_gone=True),
        },
        clients=SimpleNamespace(budgets=Budgets(0.02), profile=load()),
        registry=SimpleNamespace(sessions=[]),
    )


def test_template_that_is_listed_late_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = deleting(monkeypatch, [EVERYWHERE - {LIST}, EVERYWHERE, NOWHERE])
    kept: list[Deletion] = []
    scenario.results = _Kept(scenario.results, kept)
    deletion_actions.delete(scenario)
    assert (kept[0].before, kept[0].after) == (EVERYWHERE, NOWHERE)


def test_refused_deletion_is_requested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, kept = deleting(monkeypatch, [EVERYWHERE, EVERYWHERE, NOWHERE]), list[Deletion]()
    answers = [answer({}, 409, method="DELETE"), answer({}, 204, method="DELETE")]
    scenario.results[TemplateRegistry].api.delete = lambda _: answers.pop(0)
    scenario.results = _Kept(scenario.results, kept)
    deletion_actions.delete(scenario)
    assert kept[0].again is not None
    assert (kept[0].again.status, kept[0].after) == (204, NOWHERE)


@pytest.mark.parametrize("runs", [True, False])
def test_starting_session_comes_to_run_after_the_refusal(monkeypatch: pytest.MonkeyPatch, runs: bool) -> None:
    def wait_for_status(*_: object, **__: object) -> None:
        if not runs:
            raise Unmet("session s", expected="Running", actual="Failed", likely="x")

    session = SimpleNamespace(
        id="s", pods=list, api=SimpleNamespace(profile=load()), wait_for_status=wait_for_status,
        wait_for_ready_pod=lambda **_: pod(),
    )  # fmt: skip
    scenario, kept = deleting(monkeypatch, [EVERYWHERE]), list[Deletion]()
    scenario.results[TemplateRegistry].api.delete = lambda _: answer({}, 409, method="DELETE")
    scenario.results[TemplateUse] = TemplateUse("testuser", [session])  # type: ignore[list-item]
    scenario.results = _Kept(scenario.results, kept)
    deletion_actions.delete(scenario)
    assert kept[0].lost == (() if runs else ("s",))


class _Kept(dict[Any, Any]):
    def __init__(self, results: dict[Any, Any], kept: list[Deletion]) -> None:
        super().__init__(results)
        self.put = kept.append


def test_template_that_stays_away_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deletion_actions.wait_until_nothing_left(deleting(monkeypatch, [EVERYWHERE, NOWHERE])).template == "t"


def test_template_that_comes_back_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unmet, match="it disappeared, and is back in the API"):
        deletion_actions.wait_until_nothing_left(deleting(monkeypatch, [EVERYWHERE, NOWHERE, frozenset({API})]))


def test_template_that_was_never_gone_is_the_matter_of_2_3_3(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = deleting(monkeypatch, [EVERYWHERE])
    scenario.results[Deletion].was_gone = False
    with pytest.raises(Unproven, match=r"not deleted \(see 2.3-3\)"):
        deletion_actions.wait_until_nothing_left(scenario)


def ending(*, pods: list[Any], listed: str | None) -> Any:
    session: Any = SimpleNamespace(
        id="s",
        subject="session s",
        budgets=Budgets(0.001),
        pods=lambda: pods,
        cluster=SimpleNamespace(session_object=lambda _: None),
    )
    session.api = SimpleNamespace(
        delete_session=lambda _: answer({}, 202), sessions=lambda: SimpleNamespace(status=lambda _: listed)
    )
    use = SimpleNamespace(sessions=[session])
    return SimpleNamespace(results={TemplateUse: use})


def test_session_that_stays_listed_alone_has_ended() -> None:
    deletion_actions.end_sessions(ending(pods=[], listed="Terminated"))
    deletion_actions.end_sessions(ending(pods=[], listed=None))


def test_session_whose_pod_stays_has_not_ended() -> None:
    with pytest.raises(Unmet, match="gone within"):
        deletion_actions.end_sessions(ending(pods=[pod()], listed="Terminating"))


@pytest.mark.parametrize(("later", "lost"), [("Running", ()), ("Failed", ("s-9",))])
def test_session_of_another_template_is_looked_at_after_a_deletion(
    monkeypatch: pytest.MonkeyPatch, later: str, lost: tuple[str, ...]
) -> None:
    scenario = deleting(monkeypatch, [EVERYWHERE, NOWHERE])
    kept: list[Deletion] = []
    scenario.results = _Kept(scenario.results, kept)
    word = ["Running"]
    listed = SimpleNamespace(sessions=lambda: SimpleNamespace(status=lambda _: word[0]))
    scenario.registry.sessions = [SimpleNamespace(id="s-9", pods=lambda: [pod()], api=listed)]
    deletion_actions.delete(scenario)
    scenario.results[Deletion], word[0] = kept[0], later
    scenario.results.put = lambda deleted: deleted
    found = deletion_actions.wait_until_deleted(scenario)
    assert found.lost == lost
    with pytest.raises(Unmet, match="sessions of other templates") if lost else nullcontext():
        expect.deletions.deleted(found)


@pytest.mark.parametrize("others", [(), ("template t-2: image reads None",)])
def test_deletion_that_reaches_another_template_fails(monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...]) -> None:
    scenario, kept = deleting(monkeypatch, [EVERYWHERE, NOWHERE]), list[Deletion]()
    scenario.results = _Kept(scenario.results, kept)
    deletion_actions.delete(scenario)
    scenario.results[Deletion] = kept[0]
    scenario.results.put = lambda deleted: deleted
    monkeypatch.setattr(template_beside, "changes", lambda _: others)
    with pytest.raises(Unmet, match="reaches other templates") if others else nullcontext():
        expect.deletions.deleted(deletion_actions.wait_until_deleted(scenario))


def test_refused_deletion_that_changes_another_template_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, kept = deleting(monkeypatch, [EVERYWHERE]), list[Deletion]()
    scenario.results[TemplateRegistry].api.delete = lambda _: answer({}, 409, method="DELETE")
    scenario.results = _Kept(scenario.results, kept)
    monkeypatch.setattr(template_beside, "changes", lambda _: ("template t-2: it is answered 404",))
    deletion_actions.delete(scenario)
    with pytest.raises(Unmet, match="template t-2: it is answered 404"):
        expect.deletions.refused_in_use(kept[0])
