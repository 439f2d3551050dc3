"""Commands as an ordinary user: this one, or one that root stands in for."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import PROJECT

UID = 54321
# Over a closed folder such as /root, in a mount namespace of the command: an open one that shows the given places only.
OPENED = """
set -e
gate=$1; shift
kept=/mnt
mount -t tmpfs none "$kept"
while [ "$1" != -- ]; do mkdir -p "$kept$1"; mount --bind "$1" "$kept$1"; shift; done
shift
mount --rbind "$kept$gate" "$gate"
chmod 755 "$gate"
exec "$@"
"""


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
        """The command as root runs it for this user."""
        if os.geteuid() == self.uid:
            return command
        identity = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--inh-caps=-all"]
        return through_gates([*identity, *command])

    def environment(self, **variables: str) -> dict[str, str]:
        """Nothing of this process's but its path."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **variables}


def through_gates(command: Sequence[str]) -> Sequence[str]:
    """The command, for which no closed folder stands before the project and its Python. Needs root."""
    places = {PROJECT, Path(sys.prefix), Path(sys.base_prefix)}
    for gate in sorted({gate for place in places for gate in place.parents if not gate.stat().st_mode & 0o001}):
        behind = sorted(str(place) for place in places if gate in place.parents)
        command = ["unshare", "--mount", "sh", "-c", OPENED, "sh", str(gate), *behind, "--", *command]
    return command


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """A user whose home ends with the context."""
    home = Path(tempfile.mkdtemp(prefix="user-", dir="/var/tmp"))
    uid = UID if os.geteuid() == 0 else os.geteuid()
    os.chown(home, uid, -1)
    try:
        yield OrdinaryUser(home, uid)
    finally:
        shutil.rmtree(home)
