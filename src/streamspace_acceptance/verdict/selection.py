"""The scenarios that a run was asked to run. A selection that selects nothing is an error, never a success."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from streamspace_acceptance import settings
from streamspace_acceptance.measuring import capacity_search
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict import gates, shards

OPTIONS = (gates.OPTION, shards.OPTION, capacity_search.OPTION, *settings.OPTIONS)
_NAMED = 12
_OPERATORS = {"and", "or", "not"}
_NEGATED = re.compile(r"(?:\bnot\s+|(?:^|(?<=\s))[~-])@?[\w.*:-]+")
# Left out by tags like these although no feature has one yet: "not (@disruptive or @needs-metrics)".
_RESERVED = re.compile(r"disruptive|needs-[a-z-]+")


def select(features: Sequence[Any], config: Any) -> list[Any]:
    """The scenarios that this run will run, in order.

    SetupProblem when there is none, and when a tag is asked for that nothing has: in "@test-1.2 or @tset-1.4" one
    half would quietly not run.
    """
    parsed = [scenario for feature in features for scenario in feature.walk_scenarios()]
    known = sorted({str(tag) for scenario in parsed for tag in scenario.effective_tags})
    unknown = [tag for tag in _tags_asked_for(config.tags) if not fnmatch.filter(known, tag)]
    if unknown:
        raise SetupProblem(f"Nothing is tagged @{unknown[0]}.{_near(unknown[0], known, mark='@')}")
    selected = [scenario for scenario in parsed if scenario.should_run(config)]
    if not selected:
        raise SetupProblem(_why_nothing(parsed, config))
    return selected


def check_paths(paths: Iterable[str]) -> None:
    """SetupProblem when a path given on the command line does not exist."""
    for given in paths:
        path = Path(given.removeprefix("@").partition(":")[0])
        if not path.exists():
            known = [str(feature) for feature in sorted(Path("features").rglob("*.feature"))]
            raise SetupProblem(f"{path} does not exist.{_near(str(path), known)}")


def check_options(names: Iterable[str]) -> None:
    """SetupProblem when a `-D` option is none of the suite's: behave would take it, and nothing would read it.

    A name with a dot is a formatter's, as in `behave.formatter.progress.width`.
    """
    unknown = next((name for name in names if name not in OPTIONS and "." not in name), None)
    if unknown is not None:
        raise SetupProblem(f"The suite has no option -D {unknown}.{_near(unknown, OPTIONS, mark='-D ')}")


def _why_nothing(parsed: Sequence[Any], config: Any) -> str:
    names = [scenario.name for scenario in parsed]
    if config.name and not any(config.name_re.search(name) for name in names):
        wanted = " or ".join(f"“{name}”" for name in config.name)
        return f"No scenario's name matches {wanted}.{_near(config.name[0], names)}"
    return "The options exclude each other: no scenario is left. Use fewer of them."


def _tags_asked_for(tags: Any) -> list[str]:
    """The tags that an expression such as `@phase1 and not @disruptive` asks for: phase1."""
    text = " ".join(tags) if isinstance(tags, (list, tuple)) else str(tags or "")
    words = re.findall(r"[^\s@()~,]+", _NEGATED.sub(" ", text))
    return [word for word in words if word not in _OPERATORS and not _RESERVED.fullmatch(word)]


def _near(wanted: str, known: Sequence[str], *, mark: str = "") -> str:
    """A second sentence: what was probably meant, or else what there is."""
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    marked = [f"{mark}{name}" for name in near or known[:_NAMED]]
    if not marked:
        return " There are none."
    if near:
        return f" Did you mean {', '.join(marked)}?"
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f" There are: {', '.join(marked)}{more}."
