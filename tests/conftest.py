"""Which tests run, in which order and beside which others, and in which environment."""

import compileall
import os
import random
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer

from streamspace_acceptance.redaction import redactor
from tests.scheduling import QUIET, Scheduling, busy
from tests.surroundings import forget_targets
from tests.turns import Turns

PROJECT = Path(__file__).parents[1]
TOGETHER = "hostile"
"""The folder whose files run on one worker: they share a server and its pool of calls."""
STARTS_BEHAVE = "project"
"""The fixture by which a test runs behave in a project of its own."""
SHARES_SANDBOX = "target"
"""The fixture by which the tests of a folder share a sandbox."""
SHARES_STORES = "stores"
"""The fixture that starts PostgreSQL and Valkey for a session."""
TURNS_VARIABLE = "TESTS_TURNS"
TURNS = pytest.StashKey[Turns]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="also run the tests that only `make proof` runs otherwise")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is collected."""
    forget_targets()
    state = tempfile.TemporaryDirectory(prefix="streamspace-tests-")
    os.environ["XDG_STATE_HOME"] = state.name  # the journals of the caller's own runs are not the tests' to sweep
    config.add_cleanup(state.cleanup)
    if not hasattr(config, "workerinput"):
        _prepare_for_workers(state.name)
    config.stash[TURNS] = Turns(Path(os.environ[TURNS_VARIABLE]))


def _prepare_for_workers(folder: str) -> None:
    """What the workers of pytest-xdist have in common: the locks, and the seed by which moments are chosen."""
    os.environ[TURNS_VARIABLE] = folder
    os.environ.setdefault("STREAMSPACE_SEED", str(random.randrange(1, 10**6)))  # noqa: S311 - no secret
    _compile()


def _compile() -> None:
    """Hundreds of processes begin with these modules, many of them in containers, which keep nothing for the next."""
    assert compileall.compile_dir(PROJECT / "src", quiet=1), "a module does not compile: see above"


@pytest.hookimpl(optionalhook=True)  # without -n pytest-xdist has no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """In the place of `--dist loadgroup`."""
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for the whole proof only, and put the others in order."""
    left_out = {item for item in items if item.get_closest_marker("whole") and not config.getoption("whole")}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = sorted((item for item in items if item not in left_out), key=_turn)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _turn(item: pytest.Item) -> int:
    """Fast units first, so that a broken one shows soon, then those that start programs.

    The tests with hostile servers begin with them: they wait, and hardly need a processor. Sandboxes come after them:
    beside the units a healthy product is late on a slow machine. Quiet tests come last: nothing runs beside them.
    """
    if _is_quiet(item):
        return 5
    if item.get_closest_marker("sandbox"):
        return 3 if item.get_closest_marker("proof") else 4
    if _folder(item) == TOGETHER:
        return 0
    return 2 if item.get_closest_marker("slow") or _uses(item, STARTS_BEHAVE, SHARES_STORES) else 1


def _uses(item: pytest.Item, *fixtures: str) -> bool:
    return not set(fixtures).isdisjoint(getattr(item, "fixturenames", ()))


def _group(item: pytest.Item) -> str:
    """What one worker runs, one after another: tests that share a sandbox or a fixture of their file."""
    if _is_quiet(item):
        return QUIET
    shares = _uses(item, SHARES_STORES, SHARES_SANDBOX) or _folder(item) == TOGETHER
    group = str(item.path.parent if shares else item.path)
    return busy(group) if item.get_closest_marker("sandbox") else group


def _folder(item: pytest.Item) -> str:
    return item.path.parent.name


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A failure is shown as soon as it is there, and again at the end."""
    if report.failed and _terminal:
        _terminal[0].write_line(f"\n{report.nodeid}: {report.when}\n{report.longreprtext}", red=True)


_terminal: list[pytest.TerminalReporter] = []


def pytest_sessionstart(session: pytest.Session) -> None:
    """The workers of pytest-xdist show nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput"):
        _terminal.append(reporter)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """A quiet test runs alone, the others side by side; quiet ones that follow each other let nobody in between."""
    turns = item.config.stash[TURNS]
    turns.enter(alone=_is_quiet(item))
    try:
        return (yield)
    finally:
        if nextitem is None or not (_is_quiet(item) and _is_quiet(nextitem)):
            turns.leave()


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests() -> Iterator[None]:
    """A secret of one test is an ordinary word to the next."""
    with redactor.of_this_run():
        yield
