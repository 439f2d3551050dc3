"""Writes the files that `behave` reads into the current folder: features, steps, hooks, settings and the plan."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from streamspace_acceptance.outcomes import SetupProblem

NAMES = ("behave.ini", "environment.py", "features", "steps", "plan", "package.json", "package-lock.json")
_CARRIED = Path(__file__).parent / "project"
_CHECKOUT = Path(__file__).parents[4]


def init(folder: Path | None = None) -> int:
    """Copy the project files into `folder` (default: the current one) and print the next commands.

    Raises SetupProblem, and writes nothing, when one of the files exists already.
    """
    target = folder or Path.cwd()
    existing = [name for name in NAMES if (target / name).exists()]
    if existing:
        raise SetupProblem(f"{target} already contains {', '.join(existing)}: run `init` in an empty folder.")
    source = _CARRIED if _CARRIED.is_dir() else _CHECKOUT
    for name in NAMES:
        _copy(source / name, target / name)
    sys.stdout.write(
        f"Wrote {', '.join(NAMES)} to {target}.\n"
        "Next: `npm ci --ignore-scripts` installs the report generator and the noVNC client; `behave` runs the plan.\n"
    )
    return 0


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)
