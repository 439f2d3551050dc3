"""A sandbox in which somebody else is at work, and journals in a place of the test's own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.templates import TemplateApi
from tests.proof.running import embedded
from tests.safety.agents import Agents, scale
from tests.safety.fixtures import await_one_agent
from tests.safety.run_process import journals, sweep
from tests.support.place import Place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A sandbox for the whole session, to which the variables of its environment lead."""
    with embedded(f"safety-{os.getpid()}") as variables:
        folder = tmp_path_factory.mktemp("safety")
        environment = {
            **os.environ,
            **variables,
            "STREAMSPACE_REPORTS": str(folder / "reports"),
            "XDG_STATE_HOME": str(folder / "state"),
            "STREAMSPACE_SHARED_NAMESPACE": variables["NAMESPACE"],
        }
        with HttpClient(variables["STREAMSPACE_API_URL"], variables["STREAMSPACE_TEST_TOKEN"]) as http:
            cluster = Cluster([Path(variables["KUBECONFIG"])], variables["NAMESPACE"])
            yield Place(environment, StreamSpaceApi(http, load()), cluster)


@pytest.fixture(scope="module")
def others(place: Place) -> Iterator[Place]:
    """The place with somebody else's session, for the user and of the template that the plan has, and a template."""
    registry, templates = Registry(Clients(place.api, place.cluster, Budgets(0.1))), TemplateApi(place.api)
    try:
        session = registry.enter(str(registry.ask("testuser", "firefox-browser", None).id))
        session.wait_for_ready_pod(within="start")
        session.wait_for_phase("Running", within="start")
        session.close()
        resources = {"cpu": "1", "memory": "1Gi"}
        made = templates.create(
            {"name": "custom-firefox", "image": "streamspace/firefox:latest", "resources": resources}
        )
        assert made.ok
        yield place
        assert templates.delete(str(templates.id_of(made.object()))).ok
    finally:
        registry.clean_up()


@pytest.fixture(scope="module")
def agents(others: Place) -> Iterator[Agents]:
    """The agents, as they are at first in the end."""
    changed = Agents(others)
    yield changed
    changed.become({})


@pytest.fixture
def agents_restored(place: Place) -> Iterator[None]:
    """One agent, online and with nothing of a run's, for the next test as well: also where this one has failed."""
    yield
    left = journals(place)
    try:
        if left:
            sweep(place)
    finally:
        for path in left:  # what no sweep could undo must not be held against the next test
            path.unlink(missing_ok=True)
        scale(place, 1)
        await_one_agent(place)
