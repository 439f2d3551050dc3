"""The home of the user who runs the suite."""

from __future__ import annotations

from pathlib import Path


def user_home() -> Path:
    """The home; the root folder, as containers have it, for a user of whom the machine knows none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
