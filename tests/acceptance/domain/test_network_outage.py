"""An outage that cannot be made, since somebody else has deleted the agent's pod."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster import rights
from streamspace_acceptance.domain.agents import network_outage
from streamspace_acceptance.domain.agents.fleet import ObservedAgent
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.profile import load
from tests.support.samples import pod

NO_METHOD = "no method can cut the network here; not possible: pods x not found"


@pytest.mark.parametrize("deleted", ["", "pod x of the product was deleted meanwhile"])
def test_pod_that_is_gone_is_why_no_method_can_cut(deleted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_method(*_: object) -> None:
        raise Unproven(NO_METHOD)

    cluster = SimpleNamespace(namespace="streamspace")
    clients = SimpleNamespace(profile=load(), budgets=Budgets(0.1), cluster=cluster, netadmin_image="")
    scenario: Any = SimpleNamespace(clients=clients, results=Results(), disruptions=None, watches=nullcontext())
    scenario.results.put(ObservedAgent(pod(), "x"))
    relied: Any = ReliedPods.__new__(ReliedPods)
    monkeypatch.setattr(ReliedPods, "deleted", lambda _: deleted)
    scenario.results.put(relied)
    for name, does_nothing in (
        ("watch", lambda _: None),
        ("Transitions", lambda *_: None),
        ("await_heartbeat", lambda *_: None),
        ("methods", lambda *_, **__: []),
        ("NodeBusyMeter", SimpleNamespace(begin=lambda _: None)),
        ("cut", no_method),
    ):
        monkeypatch.setattr(network_outage, name, does_nothing)
    monkeypatch.setattr(rights, "missing", lambda *_: ())
    with pytest.raises(Unproven) as told:
        network_outage.cut_off(scenario)
    assert told.value.reason == (f"{deleted}; {NO_METHOD}" if deleted else NO_METHOD)
