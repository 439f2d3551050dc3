"""An instance on disk: its paths, its state in `state.json`, and the locks on its directory."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Literal, overload

from streamspace_sandbox.host import kernel, rootless
from streamspace_sandbox.host.processes import Process
from streamspace_sandbox.host.start_error import StartError


def state_folder(environment: Mapping[str, str], uid: int) -> Path:
    """Where the instances of a user lie: root's, or an ordinary user's also once it is root in its own namespace."""
    if uid == 0 and rootless.VARIABLE not in environment:
        return Path("/var/lib/streamspace-sandbox")
    state = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME", "/")) / ".local" / "state"
    return Path(state) / "streamspace-sandbox"


ROOT = state_folder(os.environ, os.geteuid())
MEMORY = "streamspace-sandbox"
"""The name of the file system in memory that is mounted on ROOT in a container without a volume."""
LOOPBACK = "127.0.0.1"
SCRATCH = "~"
"""The prefix of temporary directories in ROOT, which no instance's name has."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class InstanceState:
    """The recorded state of an instance.

    `number` identifies its bridge and subnet; `ready` means that StreamSpace is deployed and all its pods are Ready;
    `process` is the control plane, or the `up` that is about to start it.
    """

    number: int
    process: Process
    since: str
    time_scale: float
    token: str
    fault: str | None = None
    contract: str | None = None
    ready: bool = False
    kubernetes_host: str = LOOPBACK
    kubernetes_port: int | None = None
    api_url: str | None = None
    api_token: str | None = None
    nodes: int = 1

    @property
    def is_real(self) -> bool:
        """Whether its Kubernetes is a real one, which has an address of its own."""
        return self.kubernetes_host != LOOPBACK


@dataclass(frozen=True)
class Instance:
    """An instance's name, and everything that follows from it."""

    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise StartError(
                f"{self.name!r} is not a valid name for a sandbox; use at most 63 lower-case letters, digits, '.', '-'."
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
        """The control plane's log."""
        return self.directory / "control-plane.log"

    @property
    def cgroup(self) -> str:
        """The cgroup above all containers, in every hierarchy."""
        return f"/streamspace-sandbox/{self.name}"

    @property
    def exists(self) -> bool:
        return self.directory.is_dir()

    def read(self) -> InstanceState | None:
        """The state; None when the instance does not exist or its state is unreadable."""
        try:
            state = json.loads((self.directory / "state.json").read_text())
            # Another version of this program may record more, and its sandbox is not dead for that.
            known = {field.name: state[field.name] for field in fields(InstanceState) if field.name in state}
            return InstanceState(**{**known, "process": Process(**state["process"])})
        except (FileNotFoundError, json.JSONDecodeError, TypeError, KeyError):
            return None

    def keep_expired_token(self, token: str) -> None:
        """Keep a token that has expired. It is not in the state: an older version could not read a state with more."""
        file = self.directory / "expired-token"
        file.touch(mode=0o600)
        file.write_text(token)

    @property
    def expired_token(self) -> str:
        """The token that has expired; empty when there is none."""
        file = self.directory / "expired-token"
        return file.read_text() if file.exists() else ""

    def write(self, state: InstanceState) -> None:
        """Replace the state in one step. It holds tokens: only root may read it."""
        draft = self.directory / "state.json.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(state), file, indent=2)
        draft.rename(self.directory / "state.json")


def runroot(number: int) -> Path:
    """Where podman mounts the containers of the instance with this number. Outside the instance's directory, since
    podman allows 50 characters for this path.
    """
    return (rootless.RUN / "sandbox" if rootless.is_rootless() else ROOT) / f".{number}"


def instances() -> list[Instance]:
    """Every instance that has a directory."""
    if not ROOT.is_dir():
        return []
    return [Instance(path.name) for path in sorted(ROOT.iterdir()) if path.is_dir() and NAME.fullmatch(path.name)]


def claimed_numbers() -> set[int]:
    """The numbers of all instances, also of those whose bridge does not exist yet.

    A caller that chooses a number holds ROOT until it has written the choice.
    """
    return {state.number for instance in instances() if (state := instance.read())}


@overload
def lock(directory: Path, *, create: Literal[True]) -> int: ...


@overload
def lock(directory: Path, *, create: bool) -> int | None: ...


def lock(directory: Path, *, create: bool) -> int | None:
    """Wait until no other process holds `directory`, then hold it until the returned descriptor is closed.

    The lock is on the directory itself, so no lock file remains. None when it does not exist and `create` is false.
    """
    while True:
        if create:
            # Other users must not read the files below: logs hold passwords.
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            if create:
                continue
            return None
        flock(handle, LOCK_EX)
        # The previous holder may have removed the directory: the lock is then on an unlinked one.
        if _is_at(handle, directory):
            return handle
        os.close(handle)


@contextmanager
def root_locked() -> Iterator[None]:
    """Hold ROOT, and create it if needed: no other process starts, sweeps or removes an instance meanwhile."""
    handle = lock(ROOT, create=True)
    if not rootless.is_rootless() and kernel.is_on_overlay(ROOT) and kernel.has_capabilities():
        # A container without a volume: its instances lie in memory. The lock on what is mounted takes over.
        kernel.mount(MEMORY, ROOT, "tmpfs", options="mode=700")
        os.close(handle)
        handle = lock(ROOT, create=True)
    try:
        yield
    finally:
        os.close(handle)


def _is_at(handle: int, directory: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), directory.stat())
    except FileNotFoundError:
        return False
