"""The frame rate of sources of known rates in a desktop, as the pictures' own numbers tell it."""

from __future__ import annotations

from streamspace_acceptance.clock import SYSTEM_CLOCK
from streamspace_acceptance.domain.performance import motion, streaming
from streamspace_acceptance.measuring.frame_rate import FrameRate
from streamspace_acceptance.product.rfb_client import RfbClient
from tests.bench.figure import BenchFigure
from tests.bench.product import one_session

RATES = (5.0, 10.0, 20.0, 30.0)
SECONDS, SETTLED_SECONDS = 10.0, 5.0


def errors() -> list[BenchFigure]:
    """The error of the counted rate for each source, in percent of what the source drew."""
    with one_session() as session, session.vnc.viewing() as client:
        SYSTEM_CLOCK.wait(SETTLED_SECONDS)  # what the desktop itself draws at its start is no motion
        return [_error(rate, _counted(client, rate)) for rate in RATES]


def _counted(client: RfbClient, rate: float) -> FrameRate:
    spot = motion.start(client, rate, SECONDS)
    if spot is None:
        raise AssertionError("no source of motion could be started")
    found = streaming.count_pictures(client, spot, rate, SECONDS)
    motion.stop(client)
    return found


def _error(rate: float, found: FrameRate) -> BenchFigure:
    error = 100 * abs(found.received - rate) / rate
    return BenchFigure(f"frame rate of {rate:g} a second: error", error, 2, "%", str(found))
