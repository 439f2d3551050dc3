"""Calls answered with more than memory should hold, a process each: prints by how many MiB its peak has grown.

`python -m tests.hostile.memory URL FOLDER`
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.cluster import kubernetes, watch_calls
from tests.hostile.calls import ACCEPTED, KUBERNETES, LOGS, READ, SECONDS, Ask, Place, execute, vnc, watch
from tests.hostile.conftest import outcome_of

BIG = (
    "gzip-bomb",
    "gzip-bomb-500",
    "endless-body",
    "many-parts",
    "wide-characters",
    "endless-headers",
    "endless-chunks",
)
CASES: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "list sessions": (READ["list sessions"], (*BIG, "redirect-bomb")),
    "the page": (ACCEPTED["the page"], (*BIG, "redirect-bomb")),
    "list pods": (KUBERNETES["list pods"], (*BIG, "redirect-bomb")),
    "logs": (LOGS["logs"], BIG),
    "exec": (execute, ("ws-flood", "ws-giant-frame")),
    "VNC": (vnc, ("ws-flood", "ws-giant-frame")),
    "watch": (watch, ("watch-endless-line", "watch-flood")),
}


def peak() -> float:
    """The most memory that this process has ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(url: str, folder: Path) -> None:
    kubernetes.CALL_SECONDS = watch_calls.LIST_SECONDS = watch_calls.READ_SECONDS = SECONDS
    for ask, _ in CASES.values():
        outcome_of(ask, Place(f"{url}/500", folder))  # what is loaded once is not the answer's
    grown = {f"{name}: {kind}": _growth(ask, Place(f"{url}/{kind}", folder)) for name, ask, kind in _each()}
    sys.stdout.write(json.dumps(grown))


def _each() -> Iterator[tuple[str, Ask, str]]:
    for name, (ask, kinds) in CASES.items():
        yield from ((name, ask, kind) for kind in kinds)


def _growth(ask: Ask, place: Place) -> float:
    """By how many MiB a child's peak grows in one call."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = peak()
        outcome_of(ask, place)
        os.write(writing, f"{peak() - before:.1f}".encode())
        os._exit(0)
    os.close(writing)
    told = os.read(reading, 100)
    os.close(reading)
    os.waitpid(child, 0)
    return float(told)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
