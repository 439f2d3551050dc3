"""A lane for the cases of the proof that `make test` runs."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.proof.case import Lane


@pytest.fixture(scope="session")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    """The lane of this session, or of this worker of it."""
    with ExitStack() as stack:
        yield Lane(tmp_path_factory.mktemp("proof"), stack)
