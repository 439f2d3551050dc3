"""Where built programs and image layers are kept between starts: below XDG_CACHE_HOME."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

KUBERNETES = "1.34.4"


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The cache of this version of Kubernetes. It may be deleted at any time while no `up` runs."""
    base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "streamspace-sandbox" / f"kubernetes-{KUBERNETES}"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Only one process builds into `directory` at a time; the others wait."""
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)
