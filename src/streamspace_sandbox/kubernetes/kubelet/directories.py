"""Making the project and its Python visible in containers, wherever on this machine they lie."""

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.host.rootless import is_rootless
from streamspace_sandbox.kubernetes.kubelet.podman import Mount

ROOT, USR = Path("/"), Path("/usr")


@dataclass(frozen=True)
class SharedDirectories:
    """Directories that every container sees as they are here, read-only.

    A container sees the root file system as an overlay, without what is mounted below it: such places are mounted, and
    those that a volume of its own would hide (a project below /tmp). And its users may not pass through a directory
    that is closed to others, such as /root: over each of these `gates` lies an open one of the pod's own, which holds
    nothing but the places.
    """

    all: tuple[Path, ...]
    mounted: tuple[Path, ...]
    gates: tuple[Path, ...]

    def mounts(self, scratch: Path, volumes: Iterable[Mount]) -> list[Mount]:
        """The mounts of a container that has these volumes; its gates are made in `scratch`."""
        over = [Path(volume.target) for volume in volumes]
        shown = [place for place in self.all if place in self.mounted or any(path in place.parents for path in over)]
        gates = []
        for number, gate in enumerate(self.gates):
            substitute = scratch / f"gate{number}"
            for place in self.mounted:
                if gate in place.parents:
                    (substitute / place.relative_to(gate)).mkdir(parents=True, exist_ok=True)
            gates.append(Mount(substitute, str(gate)))
        return gates + [Mount(place, str(place), read_only=True) for place in shown]


def find(places: Iterable[Path]) -> SharedDirectories:
    """The mounts that make `places` visible."""
    directories, mounted, gates = tuple(places), [], set()
    if is_rootless():
        # Such a container sees nothing of this machine but /usr and /etc.
        return SharedDirectories(directories, tuple(place for place in directories if USR not in place.parents), ())
    for place in directories:
        gate = _closed_directory_above(place)
        if gate is not None:
            gates.add(gate)
        if gate is not None or place.stat().st_dev != ROOT.stat().st_dev:
            mounted.append(place)
    return SharedDirectories(directories, tuple(mounted), tuple(sorted(gates)))


def _closed_directory_above(place: Path) -> Path | None:
    for directory in reversed(place.parents):
        if not directory.stat().st_mode & stat.S_IXOTH:
            return directory
    return None
