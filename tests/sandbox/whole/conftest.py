"""One embedded StreamSpace for all tests of this folder: started once, used through HTTP and Kubernetes."""

import os
from collections.abc import Iterator

import pytest

from tests.support.sandbox_target import SandboxTarget, sandbox_target


@pytest.fixture(scope="session")
def target() -> Iterator[SandboxTarget]:
    """An embedded StreamSpace of this test run's own."""
    with sandbox_target(f"whole-{os.getpid()}") as running:
        yield running
