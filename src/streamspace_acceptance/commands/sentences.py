"""`streamspace-acceptance sentences`: the catalogue of sentences that a scenario can use (docs/sentences.md)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from behave.parser import parse_file
from behave.runner_util import load_step_modules
from behave.step_registry import registry

from streamspace_acceptance.commands.explain import FEATURES, STEPS

HEAD = """# Sentences

Every sentence that a scenario can use, by the module of `steps/` that defines it. A word in braces is a parameter.
[writing-a-scenario.md](writing-a-scenario.md) shows how to use them.
`streamspace-acceptance sentences > docs/sentences.md` writes this page.
"""
_PARAMETER = re.compile(r"{(?P<name>\w+)(?::\w+)?}")


def sentences() -> int:
    """Print the catalogue."""
    sys.stdout.write("\n".join(_lines()) + "\n")
    return 0


def _lines() -> Iterator[str]:
    load_step_modules([str(STEPS)])
    used = _used()
    definitions = [(kind, definition) for kind in ("given", "when", "then") for definition in registry.steps[kind]]
    modules = sorted({Path(definition.location.filename).name for _, definition in definitions})
    yield HEAD.rstrip()
    for module in modules:
        yield from ("", f"## {module}", "", "| | sentence | example |", "| --- | --- | --- |")
        for kind, definition in definitions:
            if Path(definition.location.filename).name == module:
                example = next((path for step, text, path in used if step == kind and definition.match(text)), None)
                link = "not used yet" if example is None else f"[{example.stem.split('_')[0]}](../{example})"
                yield f"| {kind.capitalize()} | {_shown(definition.pattern)} | {link} |"


def _shown(pattern: str) -> str:
    """The sentence with its parameters by name, as a cell of a table."""
    return _PARAMETER.sub(r"{\g<name>}", pattern).replace("|", "\\|")


def _used() -> list[tuple[str, str, Path]]:
    """Every step of the features: its kind, its text and its file."""
    found: list[tuple[str, str, Path]] = []
    for path in sorted(FEATURES.rglob("*.feature")):
        feature: Any = parse_file(str(path))
        steps = (step for scenario in feature.walk_scenarios() for step in scenario.all_steps)
        found += [(step.step_type, step.name, path) for step in steps]
    return found
