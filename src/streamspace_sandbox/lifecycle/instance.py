"""An instance on disk: where its parts lie, and what it says of itself in `state.json`."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

from streamspace_sandbox.host.processes import Process
from streamspace_sandbox.host.start_error import StartError

ROOT = Path("/var/lib/streamspace-sandbox")
SCRATCH = "~"
"""What the names of passing directories in ROOT begin with; no instance's does."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class InstanceState:
    """What is known of an instance from outside.

    `number` is that of its bridge and subnet; `ready` says that StreamSpace has been deployed and all pods are Ready;
    `process` is the control plane, or the `up` that is about to start it.
    """

    number: int
    process: Process
    since: str
    time_scale: float
    token: str
    fault: str | None = None
    ready: bool = False
    kubernetes_port: int | None = None
    api_url: str | None = None
    api_token: str | None = None


@dataclass(frozen=True)
class Instance:
    """An instance's name, and everything that follows from it."""

    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise StartError(
                f"{self.name!r} is no name for a sandbox; use up to 63 lower-case letters, digits, dots and dashes."
            )

    @property
    def directory(self) -> Path:
        return ROOT / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def tls(self) -> Path:
        return self.directory / "tls"

    @property
    def log(self) -> Path:
        """What the control plane writes."""
        return self.directory / "control-plane.log"

    @property
    def cgroup(self) -> str:
        """The cgroup above all containers, in every hierarchy."""
        return f"/streamspace-sandbox/{self.name}"

    @property
    def exists(self) -> bool:
        return self.directory.is_dir()

    def read(self) -> InstanceState | None:
        """The state; None when the instance is not there, or has left no state that can be read."""
        try:
            state = json.loads((self.directory / "state.json").read_text())
            return InstanceState(**{**state, "process": Process(**state["process"])})
        except (FileNotFoundError, json.JSONDecodeError, TypeError, KeyError):
            return None

    def write(self, state: InstanceState) -> None:
        """Replace the state in one step. It holds tokens: only root may read it."""
        draft = self.directory / "state.json.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(state), file, indent=2)
        draft.rename(self.directory / "state.json")


def runroot(number: int) -> Path:
    """Where podman mounts the containers of the instance with this number: outside of the instance's directory, since
    podman takes no path of more than 50 characters for it.
    """
    return ROOT / f".{number}"


def instances() -> list[Instance]:
    """Every instance that has a directory."""
    if not ROOT.is_dir():
        return []
    return [Instance(path.name) for path in sorted(ROOT.iterdir()) if path.is_dir() and NAME.fullmatch(path.name)]


def claimed_numbers() -> set[int]:
    """Of all instances' bridges and subnets, among them those that are yet to be made.

    Whoever chooses one holds ROOT until the choice has been written down.
    """
    return {state.number for each in instances() if (state := each.read())}


def lock(directory: Path, *, create: bool) -> int | None:
    """Wait until no other process holds `directory`, then hold it until the returned descriptor is closed.

    The lock is on the directory itself, so that no file is left. None when it is not there and not to be made.
    """
    while True:
        if create:
            # Others on this machine may not read what lies below: passwords are among it, in logs.
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            if create:
                continue
            return None
        flock(handle, LOCK_EX)
        # Whoever held it before may have removed it: then the lock is on something that has no name any more.
        if _is_at(handle, directory):
            return handle
        os.close(handle)


@contextmanager
def root_locked() -> Iterator[None]:
    """Hold ROOT, which is made when needed: no instance is begun, swept or removed by others meanwhile."""
    handle = lock(ROOT, create=True)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _is_at(handle: int, directory: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), directory.stat())
    except FileNotFoundError:
        return False
