"""How late "became Running" is seen, and what it costs to follow a thousand sessions.

The product is a process of its own, so that only the follower's lateness is measured.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from streamspace_acceptance.domain.performance.session_follower import following
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.waiting import Budget
from tests.bench.figure import BenchFigure
from tests.support.known_starts import KnownStarts, clients_of
from tests.support.web_server import web_server

ROUNDS, AT_ONCE = 5, 80
MANY, MANY_SECONDS = 1000, 20.0
FILLER = 4000
"""Bytes by which each pod is made as large as those of a real Kubernetes."""


def late() -> list[BenchFigure]:
    """The error of "became Running" and "pod Ready" for 80 sessions at once, and for 80 that are 23 ms apart."""
    found = []
    for name, gap, moment in (
        ("became Running, 80 at once", 0.0, "running"),
        ("became Running, 80 that are 23 ms apart", 0.023, "running"),
        ("pod Ready, 80 at once", 0.0, "ready"),
    ):
        offsets = [gap * number for number in range(AT_ONCE)]
        errors = [error for _ in range(ROUNDS) for error in _errors(KnownStarts(offsets), moment)[0]]
        spread = Distribution.of([1000 * error for error in errors])
        found.append(BenchFigure(f"{name}: error p99", spread.p99, 50, "ms", spread.describe("ms")))
    return found


def many() -> list[BenchFigure]:
    """The processor and the memory of one runner that follows a thousand sessions."""
    gap = MANY_SECONDS / MANY
    errors, share = _errors(KnownStarts([gap * number for number in range(MANY)], filler=FILLER), "running")
    spread = Distribution.of([1000 * error for error in errors])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        BenchFigure(f"{MANY} sessions followed: share of a processor", 100 * share, 100, "%", spread.describe("ms")),
        BenchFigure(f"{MANY} sessions followed: memory of the runner", memory, 300, "MiB", "peak of the process"),
    ]


def _errors(product: KnownStarts, moment: str) -> tuple[Sequence[float], float]:
    """How late that moment of each session was seen, in seconds, and the share of a processor that this took."""
    with (
        _served(product) as (url, pipe),
        tempfile.TemporaryDirectory() as folder,
        clients_of(url, Path(folder)) as clients,
        following(clients) as follower,
    ):
        pipe.send("begin")
        product.began = pipe.recv()
        spent, began = time.process_time(), time.monotonic()
        requests = product.requests()
        follower.wait_until_running("all", requests, Budget("burst", 300, 1.0), Budget("start", 60, 1.0))
        share = (time.process_time() - spent) / (time.monotonic() - began)
        sessions = follower.moments(requests)
    truth = product.truth
    return [(getattr(session, moment) or float("inf")) - truth[str(session.session)] for session in sessions], share


@contextmanager
def _served(product: KnownStarts) -> Iterator[tuple[str, Connection]]:
    ours, theirs = multiprocessing.Pipe()
    arguments = product.offsets, product.filler, theirs
    process = multiprocessing.get_context("spawn").Process(target=serve, args=arguments, daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def serve(offsets: Sequence[float], filler: int, pipe: Connection) -> None:
    """The process of the product: tells its address, begins when told, and tells the moment of the first session."""
    product = KnownStarts(offsets, filler=filler)
    with web_server(product.respond) as url:
        pipe.send(url)
        pipe.recv()
        product.begin()
        pipe.send(product.began)
        pipe.recv()
