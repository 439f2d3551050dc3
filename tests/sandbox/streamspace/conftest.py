"""One set of stores and one API for all tests of this folder; every test starts without agents and sessions."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import streamspace_stack
from tests.support.streamspace_stack import Api, FakeAgent, Stores


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    directory = tmp_path_factory.mktemp("stores")
    # PostgreSQL runs as another user, who must get down to its data.
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    with streamspace_stack.stores(directory) as running:
        yield running


@pytest.fixture(scope="session")
def shared_api(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with streamspace_stack.api(stores, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def api(shared_api: Api, stores: Stores) -> Iterator[Api]:
    yield shared_api
    asyncio.run(streamspace_stack.wipe(stores))


@pytest.fixture
def agent(api: Api) -> Iterator[Callable[..., FakeAgent]]:
    """Makes connected agents by name, and disconnects them at the end."""
    made: list[FakeAgent] = []

    def make(name: str, **more: object) -> FakeAgent:
        made.append(FakeAgent(api, name, **more).connect())  # type: ignore[arg-type]
        return made[-1]

    yield make
    for fake in made:
        fake.disconnect()


@pytest.fixture
def log(shared_api: Api) -> Callable[[], str]:
    """The API's log so far."""
    path: Path = shared_api.log
    return path.read_text
