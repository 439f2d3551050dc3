"""Input lag: keys and clicks toggle an indicator, each timed in the page."""

from __future__ import annotations

from collections.abc import Callable

from streamspace_acceptance.desktop.lag_probe import LagProbe
from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.terminal_program import TerminalProgram
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import network_path
from streamspace_acceptance.measuring.input_lag import INJECTED_MILLISECONDS, NEVER, InputLag
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import poll

KEYBOARD, MOUSE = "keyboard", "mouse"
WARM_UP, CHECKS = 3, 10
SEEN_PIXELS = 180  # of the indicator, at the least, in pixels of the desktop's own


def measure(scenario: Scenario, presses: int, clicks: int) -> None:
    """Presses keys and clicks, in turn, and takes the lag of each; Unproven when no indicator is visible."""
    desk = scenario.desktop
    colours = desk.unused_colours(2)
    TerminalProgram(desk, program_sources.toggle_program(colours))
    viewer, (x, y) = desk.opened(), _indicator(desk, colours[0])
    probe = viewer.lag_probe(x, y)
    acts: dict[str, Callable[[], None]] = {KEYBOARD: lambda: viewer.press("a"), MOUSE: lambda: viewer.click(x, y)}
    for act in acts.values():
        _lags(probe, act, WARM_UP)
    probe.take_drifts()
    probe.take_load()
    meter = NodeBusyMeter.begin(scenario.clients.cluster)
    lags: dict[str, list[float]] = {kind: [] for kind in acts}
    for number in range(max(presses, clicks)):
        for kind, times in ((KEYBOARD, presses), (MOUSE, clicks)):
            lags[kind] += _lags(probe, acts[kind], 1 if number < times else 0)
    drifts, load, nodes = probe.take_drifts(), probe.take_load(), meter.shares()
    probe.delay_by(INJECTED_MILLISECONDS)
    delayed = _lags(probe, acts[KEYBOARD], CHECKS)
    probe.delay_by(0)
    attachments.attach_png("the indicator that keys and clicks toggle", viewer.framebuffer().png)
    http = scenario.clients.http
    network = network_path.measure(http.base_url, http.unknown_page)
    scenario.results.put(InputLag(desk.session.subject, lags, delayed, KEYBOARD, drifts, network, load, nodes))


def judged(scenario: Scenario) -> InputLag:
    """The lags that a sentence judges, which are its evidence."""
    lag = scenario.results[InputLag]
    attachments.attach_text("input lag", lag.table())
    return lag


def _lags(probe: LagProbe, act: Callable[[], None], times: int) -> list[float]:
    lags = [probe.lag_of(act) for _ in range(times)]
    return [NEVER if lag is None else lag for lag in lags]


def _indicator(desk: SessionDesktop, colour: Colour) -> tuple[int, int]:
    """Where the middle of the indicator is shown in the page."""
    viewer = desk.opened()

    def lit(seen: Picture) -> bool:
        return seen.share(colour) * seen.pixels >= SEEN_PIXELS

    try:
        picture = poll(
            desk.wait("an indicator to be visible"),
            viewer.framebuffer,
            met=lit,
            says=lambda seen: "the indicator" if lit(seen) else "no indicator",
            likely=lambda _: desk.blame("the picture is not what the session's desktop shows"),
            every=LOOK_SECONDS,
        )
    except Unmet as unmet:
        raise Unproven(f"there is no indicator to toggle: {unmet.actual}; {unmet.likely}") from unmet
    box = picture.area(colour).box
    if box is None:
        raise AssertionError("a wait for an indicator ended without one")
    return viewer.shown_at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
