"""A session that is hibernated while its template is changed keeps what it had once it is woken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.sessions import actions as sessions_actions
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.provision import PLACES_OF_POD, Provisioned
from streamspace_acceptance.domain.templates import woken_session
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.woken_session import HibernatedSession, WokenSession
from streamspace_acceptance.outcomes import NotApplicable, Unmet
from streamspace_acceptance.product.profile import load
from tests.acceptance.domain.test_templates import unmet
from tests.acceptance.domain.test_templates_in_use import V1, V2, provisioned
from tests.support.samples import pod

REFUSED = Unmet("session s", expected="another pod", actual="409 Conflict: template_changed", likely="x")


class Product:
    """Sessions that hibernate and wake, but for the calls in `refuses`, each with the number of times."""

    def __init__(self, **refuses: int) -> None:
        self.profile = load()
        self.refuses = refuses
        self.error: Exception = REFUSED
        self.woken = 0

    def hibernate_session(self, _: str) -> None:
        self._refuse("hibernate")

    def wake_session(self, _: str) -> None:
        self.woken += 1
        self._refuse("wake")

    def _refuse(self, call: str) -> None:
        if self.refuses.get(call, 0) > 0:
            self.refuses[call] -= 1
            raise self.error

    def session(self) -> Any:
        return SimpleNamespace(
            id="s",
            api=self,
            wait_for_status=lambda *_, **__: None,
            wait_for_ready_pod=lambda **_: pod(),
            known_uids=frozenset,
        )


def changed_meanwhile(monkeypatch: pytest.MonkeyPatch, product: Product, now: Provisioned) -> WokenSession:
    """The session hibernated before a change and woken after it, with that provision."""
    looks = [provisioned(V1), now]
    monkeypatch.setattr(provision, "look", lambda _: looks.pop(0))
    monkeypatch.setattr(sessions_actions, "request_new", lambda *_: product.session())
    results: Any = {CreatedTemplate: SimpleNamespace(accepted_id="t")}
    scenario: Any = SimpleNamespace(results=_Results(results))
    woken_session.hibernate_one(scenario, "testuser2")
    return woken_session.wake_after_change(scenario)


class _Results(dict[Any, Any]):
    def put(self, result: object) -> None:
        self[type(result)] = result


def test_session_woken_after_a_change_keeps_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    expect.templates.woken_as_before(changed_meanwhile(monkeypatch, Product(), provisioned(V1)))


@pytest.mark.parametrize("place", ["API", "Kubernetes", *PLACES_OF_POD])
def test_session_woken_from_the_changed_template_fails(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    now = provisioned(V1)
    now.said[place] = V2
    said = unmet(expect.templates.woken_as_before, changed_meanwhile(monkeypatch, Product(), now))
    assert f"{place}: firefox:v2" in said
    assert "woken from its template as it is now" in said


def test_clusters_own_change_of_the_new_pod_is_left_aside() -> None:
    asked = dict.fromkeys(PLACES_OF_POD, V1)
    mirrored = dict.fromkeys(PLACES_OF_POD, V2)
    now = Provisioned("s", (pod(),), 0, {"API": V1, **mirrored}, asked=asked)
    expect.templates.woken_as_before(WokenSession(Provisioned("s", (pod(),), 0, {"API": V1, **asked}), now))


def test_session_that_cannot_be_woken_after_a_change_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product(wake=1)
    said = unmet(expect.templates.woken_as_before, changed_meanwhile(monkeypatch, product, provisioned()))
    assert "actual:   409 Conflict: template_changed" in said
    assert "cannot be woken any more" in said
    assert product.woken == 2


@pytest.mark.parametrize(
    ("refuses", "error", "says"),
    [
        ({"hibernate": 1}, REFUSED, "it could not be hibernated (see 1.4)"),
        ({"wake": 2}, REFUSED, "does not wake either (see 1.4)"),
        ({"wake": 1, "hibernate": 0}, NotApplicable("there is no call wake_session"), "there is no call wake_session"),
        ({"hibernate": 1}, NotApplicable("there is no call hibernate_session"), "no call hibernate_session"),
    ],
)
def test_product_that_wakes_no_session_at_all_shows_nothing_here(
    monkeypatch: pytest.MonkeyPatch, refuses: dict[str, int], error: Exception, says: str
) -> None:
    product = Product(**refuses)
    product.error = error
    found = changed_meanwhile(monkeypatch, product, provisioned())
    expect.templates.woken_as_before(found)
    assert says in found.excuse


def test_control_that_cannot_be_hibernated_excuses(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product(wake=1)
    looks = [provisioned(V1), provisioned(V1)]
    monkeypatch.setattr(provision, "look", lambda _: looks.pop(0))
    monkeypatch.setattr(sessions_actions, "request_new", lambda *_: product.session())
    scenario: Any = SimpleNamespace(results=_Results({CreatedTemplate: SimpleNamespace(accepted_id="t")}))
    scenario.results.put(HibernatedSession(product.session(), "testuser2", provisioned(V1), ""))
    product.refuses["hibernate"] = 1
    assert "created after the change cannot be hibernated" in woken_session.wake_after_change(scenario).excuse
