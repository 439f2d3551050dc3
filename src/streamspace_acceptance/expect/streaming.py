"""Expectations of how a session's desktop is streamed. Their limits are the user's time, on no target's clock."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.performance.streaming import SILENCE_SECONDS, Streaming, figures
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring.distribution import percentile
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.measuring.node_busy import full
from streamspace_acceptance.measuring.round_trip import HELD_UP_MILLISECONDS, SHARE, RoundTrips
from streamspace_acceptance.outcomes import Unmet, Unproven


def latency_below(found: Streaming, limit: float) -> RoundTrips:
    """The connection lasted, and nine round trips of ten took less than `limit` milliseconds; gives them."""
    _require_the_whole(found)
    if found.ended and found.trips:
        raise Unmet(
            f"{found.session}, connection",
            expected=f"open for {found.planned:.0f} s, whether the desktop moves or stands still",
            actual=f"it ended: {found.ended}",
            timeline=f"{len(found.trips)} round trips until then",
            likely="the product, or a gateway before it, ends connections",
        )
    trips = found.round_trips
    if distrust := trips.distrust(limit):
        raise Unproven(f"round trips cannot be measured here: {distrust}\n{trips.table()}")
    if trips.judged >= limit and (excuse := trips.excuse(limit) or full(found.nodes)):
        raise Unproven(f"this machine is too busy to measure the product's latency: {excuse}\n{trips.table()}")
    if network := found.network.explains(trips.judged, limit):
        raise Unproven(f"{network}, of {trips.judged:.0f} ms in all (90th percentile)\n{trips.table()}")
    attachments.record_figures(trips.figures())
    if trips.judged >= limit:
        raise Unmet(
            f"{found.session}, WebSocket latency",
            expected=f"90 % of the round trips below {limit:g} ms",
            actual=f"{trips.judged:.0f} ms (90th percentile)",
            timeline=f"{len(trips.trips)} round trips over {found.planned:.0f} s",
            likely="messages are delayed between the API and the session's VNC server",
        )
    return trips


def frame_rate_at_least(found: Streaming, limit: float) -> Sequence[Figure]:
    """A viewer gets `limit` distinct pictures a second and more, as a mean while it moves; gives the figures.

    So does the user's page draw.
    """
    _require_the_whole(found)
    if found.no_motion or not found.rates:
        raise Unproven(f"the frame rate cannot be measured: {found.no_motion or found.ended}")
    if found.ended:
        raise Unproven(f"the connection did not last (see 4.3-1): {found.ended}")
    _require_a_known_source(found)
    rates = (("limit: at least", limit), ("received", found.frame_rate), ("drawn in the page", found.pictures_in_page))
    judged("frame rate", table("what | pictures a second", ((what, f"{rate:.1f}") for what, rate in rates)))
    stands_still = found.longest_gap > SILENCE_SECONDS
    if found.frame_rate >= limit and not stands_still:
        attachments.record_figures(figures(found))
        _require_in_page(found, limit)
        return figures(found)
    if not stands_still and (distrust := next((rate.distrust for rate in found.rates if rate.distrust), "")):
        raise Unproven(f"the source of motion is itself too slow in this session: {distrust}")
    _require_a_quiet_machine(found)
    if found.network.milliseconds >= 1000 / limit and not stands_still:
        raise Unproven(f"{found.network.describe()}, and the client requests one picture at a time\n{found.table()}")
    if found.narrow and not stands_still:
        raise Unproven(f"{found.narrow}: the line is too narrow to measure the frame rate\n{found.table()}")
    attachments.record_figures(figures(found))
    raise Unmet(
        f"{found.session}, frame rate",
        expected=f"at least {limit:g} distinct pictures a second, without a gap of {SILENCE_SECONDS:g} s",
        actual=f"{found.frame_rate:.1f} pictures a second, {found.longest_gap:.1f} s without one at the longest",
        timeline=f"measured for {found.planned:.0f} s",
        likely="the VNC server, or a proxy before it, sends fewer uncompressed pictures than the desktop draws; the "
        f"user's page drew {found.pictures_in_page:.1f} a second",
    )


def _require_in_page(found: Streaming, limit: float) -> None:
    """The user's page draws so many as well, as far as its drawings can be counted."""
    if not 0 < found.pictures_in_page < limit:
        return
    _require_a_quiet_machine(found)
    raise Unmet(
        f"{found.session}, frame rate in the page",
        expected=f"at least {limit:g} distinct pictures a second",
        actual=f"the page draws {found.pictures_in_page:.1f} a second, of {found.frame_rate:.1f} that come",
        timeline=f"measured for {found.planned:.0f} s",
        likely="the page's own scripts slow down its drawing",
    )


def _require_a_quiet_machine(found: Streaming) -> None:
    late = percentile(found.lateness, SHARE)
    if late > HELD_UP_MILLISECONDS:
        raise Unproven(
            f"this machine is too busy to measure the product's frame rate: the runner's own pauses ended {late:.1f} ms"
            f" late\n{found.table()}"
        )
    if excuse := full(found.nodes):
        raise Unproven(f"this machine is too busy to measure the product's frame rate: {excuse}\n{found.table()}")


def _require_a_known_source(found: Streaming) -> None:
    """Unproven where the pictures have no numbers, or where the suite miscounts a source of another rate."""
    if found.slow is None or found.slow.distrust or not found.slow.pictures:
        reason = "it was not seen" if found.slow is None else found.slow.distrust or "none of its pictures was seen"
        raise Unproven(f"pictures cannot be counted here: a source of known rate fails the self-check: {reason}")
    if any(rate.is_unnumbered for rate in found.rates):
        raise Unproven(f"pictures cannot be counted here: their colours are not those of the source\n{found.table()}")


def input_lag_below(lag: InputLag, kind: str, limit: float) -> Figure:
    """Nine answers of ten to that kind of input come within `limit` milliseconds; gives the figure."""
    if distrust := lag.distrust(limit):
        raise Unproven(f"the input lag cannot be measured here: {distrust}\n{lag.table()}")
    found = lag.percentile(kind)
    if found >= limit and (excuse := lag.excuse(limit)):
        raise Unproven(f"this machine is too busy to measure the product's lag: {excuse}\n{lag.table()}")
    if network := lag.network.explains(found, limit):
        raise Unproven(f"{network}, and 90 % of the responses come within {found:.0f} ms\n{lag.table()}")
    figure = Figure(f"{kind} input lag (90th percentile)", found, "ms")
    attachments.record_figures([figure])
    if found >= limit:
        raise Unmet(
            f"{lag.session}, {kind} lag",
            expected=f"90 % of the responses within {limit:g} ms",
            actual=f"{found:.0f} ms (90th percentile)",
            timeline=f"{len(lag.lags[kind])} answers",
            likely=lag.cause,
        )
    return figure


def _require_the_whole(found: Streaming) -> None:
    if found.cut_short:
        raise Unproven(f"streaming was not measured for {found.planned:.0f} s: {found.cut_short}")
