"""An embedded StreamSpace with one session, for the benchmarks of what is measured in a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.proof.running import embedded


@contextmanager
def one_session() -> Iterator[Session]:
    """A session that runs."""
    with (
        embedded(f"bench-{os.getpid()}") as variables,
        HttpClient(variables["STREAMSPACE_API_URL"], variables["STREAMSPACE_TEST_TOKEN"]) as http,
    ):
        cluster = Cluster([Path(variables["KUBECONFIG"])], variables["NAMESPACE"])
        registry = Registry(Clients(StreamSpaceApi(http, load()), cluster, Budgets(1.0)))
        try:
            made = registry.ask("bench", "firefox-browser", None)
            session = registry.enter(str(made.id))
            session.wait_for_status("Running", within="start")
            session.wait_for_ready_pod(within="start")
            yield session
        finally:
            registry.clean_up()
