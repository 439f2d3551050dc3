"""Whether this user may write the folder of the reports: a run with sudo leaves one that belongs to root."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

from streamspace_acceptance.outcomes import SetupProblem


def require_own(folder: Path) -> None:
    """SetupProblem that names the owner of the first folder in it that cannot be written."""
    for directory in (folder, *folder.glob("*/")):
        if directory.is_dir() and not os.access(directory, os.W_OK):
            raise SetupProblem(
                f"{directory} belongs to {_owner(directory)}, and this user may not write there: remove it with sudo, "
                "or set STREAMSPACE_REPORTS to another folder."
            )


def _owner(path: Path) -> str:
    uid = path.stat().st_uid
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"user {uid}"
