"""Making the project and its Python visible in containers, wherever on this machine they lie."""

import stat
from collections.abc import Iterable
from pathlib import Path

from streamspace_sandbox.kubernetes.node.podman import Mount

ROOT = Path("/")


def visible(places: Iterable[Path]) -> tuple[list[Mount], list[str]]:
    """(mounts, covered directories) with which every user of a container reaches `places`.

    A container sees the root file system as an overlay, without what is mounted below it, and its users may not pass
    through a directory that is closed to others, such as /root: then an empty one lies over it, with the place inside.
    """
    mounts, covered = [], set()
    for place in places:
        gate = _closed_directory_above(place)
        if gate is not None:
            covered.add(str(gate))
        if gate is not None or place.stat().st_dev != ROOT.stat().st_dev:
            mounts.append(Mount(place, str(place), read_only=True))
    return mounts, sorted(covered)


def _closed_directory_above(place: Path) -> Path | None:
    for directory in reversed(place.parents):
        if not directory.stat().st_mode & stat.S_IXOTH:
            return directory
    return None
