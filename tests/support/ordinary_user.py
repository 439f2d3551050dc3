"""Commands as an ordinary user: this one, or one that root stands in for."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.project import PROJECT

UID = 54321


@dataclass(frozen=True)
class OrdinaryUser:
    """A user with a home of its own, and without any right beyond that."""

    home: Path
    uid: int

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "streamspace-sandbox"

    def run(self, *command: str, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
        """The command in this user's home, whatever its exit status."""
        return subprocess.run(
            self.command(*command),
            env=self.environment(**variables),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def command(self, *command: str) -> Sequence[str]:
        """As root runs it for this user."""
        identity = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs"]
        return command if os.geteuid() == self.uid else [*identity, *command]

    def environment(self, **variables: str) -> dict[str, str]:
        """Nothing of this process's but its path."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **variables}


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """A user whose home ends with the context. Skips the test where others may not read the project."""
    if any(not folder.stat().st_mode & 0o005 for folder in (PROJECT, *PROJECT.parents)):
        pytest.skip(f"ordinary users cannot read {PROJECT}")
    home = Path(tempfile.mkdtemp(prefix="user-", dir="/var/tmp"))
    uid = UID if os.geteuid() == 0 else os.geteuid()
    os.chown(home, uid, -1)
    try:
        yield OrdinaryUser(home, uid)
    finally:
        shutil.rmtree(home)
