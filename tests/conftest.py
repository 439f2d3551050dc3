"""What the caller's shell says of a StreamSpace is no business of these tests: each begins with none of it."""

import compileall
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_acceptance.redaction import redactor

PROJECT = Path(__file__).parents[1]

# What the tests themselves are told, and the one thing that is the machine's and no target's: where its browser is.
OURS = {"STREAMSPACE_BROWSER", "STREAMSPACE_KILLS", "STREAMSPACE_TERMS", "STREAMSPACE_SEED", "STREAMSPACE_PROOF"}
LEADS_TO_A_TARGET = ("NAMESPACE", "KUBECONFIG", "TOKEN")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is collected."""
    for name in [each for each in os.environ if each.startswith("STREAMSPACE_") or each in LEADS_TO_A_TARGET]:
        if name not in OURS:
            del os.environ[name]
    state = tempfile.TemporaryDirectory(prefix="streamspace-tests-")
    os.environ["XDG_STATE_HOME"] = state.name  # the journals of the caller's own runs are not the tests' to sweep
    config.add_cleanup(state.cleanup)
    _compile()


def _compile() -> None:
    """Hundreds of processes begin with these modules, many of them in containers, which keep nothing for the next."""
    assert compileall.compile_dir(PROJECT / "src", quiet=1), "a module does not compile: see above"


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests() -> Iterator[None]:
    """A secret of one test is an ordinary word to the next."""
    with redactor.of_this_run():
        yield
