"""No call to Playwright in `desktop/` stands outside a deadline: by the code, since none that was forgotten shows."""

from __future__ import annotations

import ast
import inspect
import threading
from collections.abc import Iterator
from pathlib import Path

import playwright.sync_api
import pytest

from streamspace_acceptance import desktop
from streamspace_acceptance.desktop.client_page import ClientPage
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog

FOLDER = Path(desktop.__file__).parent
OTHERS = {"get", "all", "wait_for"}
"""Names that Python's own things bear as well, and that `desktop/` calls of those only."""


def waiting_methods() -> frozenset[str]:
    """The names of all methods of Playwright's objects that wait for the browser, and of what starts and ends it."""
    classes = [class_ for class_ in vars(playwright.sync_api).values() if inspect.isclass(class_)]
    methods = {
        name
        for class_ in classes
        for name, method in inspect.getmembers(class_, inspect.isfunction)
        if not name.startswith("_") and "self._sync(" in inspect.getsource(method)
    }
    return frozenset(methods | {"sync_playwright", "start", "stop"}) - OTHERS


METHODS = waiting_methods()


def drives(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("playwright") for node in ast.walk(tree)
    )


def escapes(node: ast.AST, *, guarded: bool = False, holders: frozenset[str] = frozenset()) -> Iterator[str]:
    """The calls below `node` that wait for the browser and are not within a deadline.

    `holders`: functions of the module that are only ever called within one.
    """
    if isinstance(node, ast.With):
        guarded = guarded or any(_called(item.context_expr) == "within" for item in node.items)
    if isinstance(node, ast.FunctionDef):
        guarded = node.name in holders
    if isinstance(node, ast.Lambda):
        guarded = False
    name = _called(node)
    if name in METHODS and not guarded and isinstance(node, ast.Call) and not _is_of_the_suite(node):
        yield f"{name}, line {node.lineno}"
    if name in holders and not guarded:
        yield f"{name} outside a deadline, line {getattr(node, 'lineno', 0)}"
    for child in ast.iter_child_nodes(node):
        yield from escapes(child, guarded=guarded, holders=holders)


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    named = getattr(node.func, "id", None)
    return getattr(node.func, "attr", None) or (None if named == "type" else named)


def _is_of_the_suite(call: ast.Call) -> bool:
    """Calls of the suite's own that are named like one of Playwright's: `self.close()`, `browser.close()` of a run."""
    return ast.unparse(call.func) in {
        "self.close",
        "close",
        "self._keeper.start",
        "self.calls.close",
        "browser.close",
        "Path",
        "viewer.close",
    }


OF_CLIENT_PAGE = frozenset(
    name
    for name, member in inspect.getmembers(ClientPage, inspect.isfunction)
    if "page" in inspect.signature(member).parameters
)
HOLDERS = {
    "browser.py": {"_start"},
    "client_page.py": {
        "_evaluated",
        "_frame_in_page",
        "_in_page",
        "_places",
        "_point_in_page",
        "_seen_part",
        "prepare",
    },
    "keyboard.py": {"type_with_shift"},
    "lag_probe.py": {"_times"},
    "page_load.py": {"_document_comes", "_type_password"},
    "viewer.py": {"_captured", "type_with_shift"},
}
"""Functions that make calls for others, which hold the deadline."""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_call_escapes(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if drives(tree):
        assert list(escapes(tree, holders=OF_CLIENT_PAGE | HOLDERS.get(path.name, set()))) == []


@pytest.mark.parametrize(
    "code",
    [
        "page.evaluate('1')",
        "def f(page):\n    page.mouse.click(1, 1)",
        "with calls.within('a'):\n    def f():\n        page.screenshot()",
        "with calls.within('a'):\n    later(lambda: page.query_selector('a'))",
        "with other():\n    context.tracing.stop()",
        "sync_playwright()",
        "holder()",
    ],
)
def test_a_call_that_escapes_is_seen(code: str) -> None:
    assert len(list(escapes(ast.parse(code), holders=frozenset({"holder"})))) == 1


def test_a_call_within_a_deadline_is_left_alone() -> None:
    assert not list(escapes(ast.parse("with suppress(E), calls.within('a'):\n    page.evaluate('1')")))
    assert {"evaluate", "screenshot", "click", "text", "send", "new_context", "goto", "cookies", "close"} <= METHODS


def test_thread_that_keeps_the_time_ends_with_the_browser() -> None:
    calls = BrowserWatchdog()
    with calls.within("a call"):
        (keeper,) = [thread for thread in threading.enumerate() if thread.name == "deadline of the browser"]
    calls.close("the test is over")
    assert not keeper.is_alive()
