"""Sessions that no node can hold: whatever comes of a refused request is found, wherever it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.resources import oversized_requests
from streamspace_acceptance.domain.resources.oversized_requests import (
    OversizedRequest,
    OversizedRequests,
    just_too_large,
    request_too_much,
)
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.profile import Size, load
from streamspace_acceptance.waiting import Recording
from tests.support.samples import SESSION, answer, claim, pod_json

STRAY = "testuser-firefox-browser-dead"
LABELS = {"session": STRAY}
FITTING = {"cpu": "500m", "memory": "1Gi"}


class _Product:
    """Holds what fits, refuses the rest, and leaves one thing of that, if any: API, cluster and registry in one."""

    profile = load()

    def __init__(self, left: str) -> None:
        self.left = left
        self.asked: list[Size] = []

    def ask(self, user: str, template: str, size: Size) -> Creation:
        self.asked.append(size)
        asked = Asked(user, template, size, frozenset())
        if size == FITTING:
            return Creation(asked, answer({}, 201, method="POST"), SESSION, SESSION, ())
        return Creation(asked, answer({"message": "too much cpu"}, 422, method="POST"), None, None, ())

    def sessions(self) -> SessionList:
        ids = [SESSION, *([STRAY] if self.left == "a session" else [])] if self.asked else []
        return SessionList(
            tuple(Listed(session_id, session_id, "Pending", "testuser", "firefox-browser") for session_id in ids)
        )

    def message(self, _answer: Any) -> str:
        return "too much cpu"

    def allocatable(self) -> list[dict[str, str]]:
        return [{"cpu": "4", "memory": "8Gi"}]

    def session_objects(self) -> list[Any]:
        names = {"an object": [SESSION, STRAY], "an object alone": [STRAY]}.get(self.left, [SESSION])
        return [
            SimpleNamespace(meta=SimpleNamespace(name=name), user="testuser", template="firefox-browser")
            for name in names
            if self.asked
        ]

    def claims(self) -> list[Any]:
        stray = [claim(labels=LABELS, name=f"{STRAY}-home")] if self.left == "a claim" else []
        return stray if self.asked else []


@pytest.mark.parametrize(
    ("left", "strays"),
    [
        ("", ()),
        ("an object alone", ()),  # it may be that of the session that fits
        ("a claim", (f"volume claim {STRAY}-home",)),
        ("a pod", ("pod lost",)),
        ("a session", (f"session {STRAY}",)),
        ("an object", (f"session {STRAY}",)),
    ],
)
def test_what_is_left_of_a_refused_session(monkeypatch: pytest.MonkeyPatch, left: str, strays: tuple[str, ...]) -> None:
    product: Any = _Product(left)
    pods: Recording[Any] = Recording()

    @contextmanager
    def watching(*_: object) -> Iterator[Recording[Any]]:
        yield pods

    def come(*_: object) -> None:
        if left == "a pod":
            pods.append(SimpleNamespace(kind="ADDED", object=pod_json("lost", "uid-9", labels=LABELS)))

    monkeypatch.setattr(oversized_requests, "watching", watching)
    monkeypatch.setattr(oversized_requests, "watch_until_calm", come)
    scenario = Scenario(Clients(product, product, Budgets(0.01)))
    scenario.registry = product
    request_too_much(scenario, "testuser", "firefox-browser", [{"cpu": "10000m", "memory": "100Gi"}], FITTING)
    assert scenario.results[OversizedRequests].strays == strays


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("memory 100Gi exceeds every node", True),
        ("CPU quota exceeded: requested 10000m, limit is 2000m per session", True),
        ("CPU quota exceeded: requested 10000m, limit is 20000m per session", False),
        ("too much CPU", False),
        ("the request is invalid", False),
        ("maxMemory is 8589934592", True),
        ("memory_mb must be less than 8192", True),
        ("8192 MiB at most", True),
        ("no room in memorable times, in the program or on its ramp", False),
    ],
)
def test_refusal_names_the_excess_or_the_products_own_limit(message: str, names: bool) -> None:
    """The memory is more than any node has, the CPU is not."""
    size = {"cpu": "10000m", "memory": "100Gi"}
    creation = Creation(cast("Any", None), answer({"message": message}, 403, method="POST"), None, None, ())
    assert OversizedRequest(size, ("memory",), creation, message).names_it == names


@pytest.mark.parametrize("message", ["more than 8 vCPUs", "vcpu: too large", "max_cpu is 8", "8000 millicores at most"])
def test_cpu_is_named_by_other_words(message: str) -> None:
    size = {"cpu": "10000m", "memory": "1Gi"}
    creation = Creation(cast("Any", None), answer({"message": message}, 422, method="POST"), None, None, ())
    assert OversizedRequest(size, ("cpu",), creation, message).names_it


def machine(cpu: str, memory: str, label: str = "kubernetes.io/hostname") -> dict[str, Any]:
    least = {"cpu": "1", "memory": "1Gi"}
    metadata = {"name": "n", "labels": {label: "x"}}
    return {"metadata": metadata, "status": {"capacity": {"cpu": cpu, "memory": memory}, "allocatable": least}}


def test_sizes_just_too_large_are_beyond_the_largest_node() -> None:
    nodes = [machine("3500m", "16Gi"), machine("2", "32500000Ki")]
    assert just_too_large(FITTING, nodes) == [{"cpu": "5000m", "memory": "1Gi"}, {"cpu": "500m", "memory": "32Gi"}]


@pytest.mark.parametrize("label", ["karpenter.sh/nodepool", "cloud.google.com/gke-nodepool"])
def test_sizes_just_too_large_are_unknown_where_nodes_may_come(label: str) -> None:
    assert just_too_large(FITTING, [machine("2", "8Gi", label)]) == []
    assert just_too_large(FITTING, []) == []
