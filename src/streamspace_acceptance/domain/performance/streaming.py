"""How a session's desktop is streamed: round trips, distinct pictures and bytes, while it stands still and moves.

A viewer of the suite's own measures, through the product's own WebSocket; the user's page stays open beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.budgets import Seconds
from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.desktop.stream_meter import StreamMeter, Traffic
from streamspace_acceptance.domain.performance import motion
from streamspace_acceptance.domain.performance.motion import Spot
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import network_path, node_busy
from streamspace_acceptance.measuring.frame_rate import Frame, FrameRate
from streamspace_acceptance.measuring.network_path import NetworkPath
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.round_trip import INJECTED_MILLISECONDS, PAUSE_MILLISECONDS, RoundTrips
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.rfb import NoHandshake, NotInTime
from streamspace_acceptance.product.rfb_client import NotUnderstoodError, RfbClient
from streamspace_acceptance.waiting import Wait

SOURCE_RATE, SLOW_RATE = 30.0, 10.0
"""Pictures a second: of the source that is measured, twice the plan's 15, and of the one for the self-check."""
PARTS = 4
"""Still and moving in turn: a gateway drops a connection on which the server is silent."""
CHECK_SECONDS, CHECKED_TRIPS = 3.0, 10
MOTION_SECONDS = 6.0
TRIP_PAUSE, FRAME_PAUSE = PAUSE_MILLISECONDS / 1000, 0.002
TRIPS_SHARE = 0.2
"""The share of a moving part in which round trips are measured instead of pictures."""
SILENCE_SECONDS = 1.0
FILE_BYTES = 64 * 1024
"""A file of so many bytes takes its time from the line, and not from the server."""
NARROW = 0.7
"""Pictures that take so large a share of what the line carries are held back by the line."""


@dataclass
class Streaming:
    """The measurements over `planned` seconds. `ended`: how the connection was lost; `no_motion`: why nothing moved;
    `cut_short`: why the suite itself did not measure to the end.

    `gaps`: the longest time without a new picture while round trips were measured instead, in seconds, for each part.
    `traffic` has a line for each part: its name, and the bytes and pictures of the user's page. `nodes`: the busy share
    of each node's processors. `line`: the KiB a second at which a file of the page came, 0 where none was large enough.
    """

    session: str
    planned: float
    trips: list[float] = field(default_factory=list)
    delayed: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    rates: list[FrameRate] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    slow: FrameRate | None = None
    traffic: list[tuple[str, Traffic]] = field(default_factory=list)
    ended: str = ""
    no_motion: str = ""
    cut_short: str = ""
    network: NetworkPath = field(default_factory=NetworkPath)
    line: float = 0.0
    nodes: dict[str, float] = field(default_factory=dict)

    @property
    def round_trips(self) -> RoundTrips:
        """The round trips; Unproven when there are none, or none with a known delay."""
        if not self.trips or not self.delayed:
            raise Unproven(f"no round trips were measured: {self.ended or 'the connection never answered'}")
        return RoundTrips(self.trips, self.delayed, self.lateness)

    @property
    def frame_rate(self) -> float:
        """Distinct pictures a second over all moving parts together."""
        return sum(len(rate.pictures) for rate in self.rates) / sum(rate.seconds for rate in self.rates)

    @property
    def pictures_in_page(self) -> float:
        """Pictures a second that the user's page drew while it moved; 0 where it draws in a way that is not counted."""
        moving = [traffic for name, traffic in self.traffic if name == MOVING]
        return sum(traffic.pictures for traffic in moving) / (sum(traffic.seconds for traffic in moving) or 1.0)

    @property
    def longest_gap(self) -> float:
        """Seconds without a new picture while the source moved, at the most."""
        return max([*(rate.longest_gap for rate in self.rates), *self.gaps])

    @property
    def narrow(self) -> str:
        """That the line carries hardly more than the pictures took, in a sentence; empty where it does."""
        took = self.frame_rate * motion.SIDE**2 * 4 / 1024
        if took < NARROW * self.line or not self.line:
            return ""
        return (
            f"a file of the page comes with {self.line:.0f} KiB/s, and the uncompressed pictures took {took:.0f} KiB/s"
        )

    def kibibytes(self, part: str) -> tuple[float, float]:
        """KiB each second that the page received and sent in the parts of that name."""
        found = [traffic for name, traffic in self.traffic if name == part]
        seconds = sum(traffic.seconds for traffic in found) or 1.0
        received, sent = (sum(getattr(traffic, way) for traffic in found) for way in ("received", "sent"))
        return received / 1024 / seconds, sent / 1024 / seconds

    def table(self) -> str:
        """For the report."""
        lines = [f"{self.session}, over {self.planned:.0f} s: still and moving in turn"]
        lines += [self.round_trips.table()] if self.trips and self.delayed else ["no round trips"]
        lines += [self.network.describe()] if self.network.count else []
        lines += [f"a file of the page came with {self.line:.0f} KiB/s"] if self.line else []
        lines += [node_busy.describe(self.nodes)] if self.nodes else []
        lines += [f"moving: {rate}" for rate in self.rates]
        lines += [f"self-check, a source of {self.slow.source_rate:g}/s: {self.slow}"] if self.slow else []
        lines += [
            f"the user's page, {name}: {traffic.received / 1024 / traffic.seconds:.1f} KiB/s received,"
            f" {traffic.sent / 1024 / traffic.seconds:.1f} KiB/s sent,"
            f" {traffic.pictures / traffic.seconds:.1f} pictures/s"
            for name, traffic in self.traffic
        ]
        lines += [f"the connection ended: {self.ended}"] if self.ended else []
        lines += [f"nothing moved: {self.no_motion}"] if self.no_motion else []
        lines += [f"the measurement ended: {self.cut_short}"] if self.cut_short else []
        return "\n".join(lines)


STILL, MOVING = "still", "moving"


def record(scenario: Scenario, plan: Seconds) -> None:
    """Measures over the plan's time on the target's clock; what is lost of it is part of the result."""
    desk = scenario.desktop
    desk.wait_until_rendered()
    budget = scenario.clients.budgets.limit(plan)
    found = scenario.results.put(Streaming(desk.session.subject, budget.seconds))
    found.network = network_path.measure(scenario.clients.http.base_url)
    found.line = _line(scenario.clients.http, desk.opened().largest_file(FILE_BYTES))
    connections = desk.opened().connections
    meter = NodeBusyMeter.begin(scenario.clients.cluster)
    try:
        wait = Wait(found.session, "the whole time of streaming to be measured", budget)
        with wait.announced(), desk.session.vnc.viewing() as client:
            _Recorder(desk, client, found).record(wait)
    except NotUnderstoodError as error:
        found.cut_short = f"the suite's viewer does not understand the VNC server: {error}"
    except NoHandshake as error:
        found.ended = str(error)
    found.nodes = meter.shares()
    if desk.opened().connections[0] != connections[0]:
        found.cut_short = "the browser's own network changed"
    elif not found.ended and desk.opened().connections != connections:
        found.ended = desk.blame("the user's page had to connect again")
    attachments.attach_text("streaming", found.table())


def _line(http: HttpClient, address: str) -> float:
    """The KiB a second at which that file comes, over the same line as the pictures; 0 without a file."""
    try:
        answer = http.page(address) if address else None
    except NoAnswer:
        answer = None
    if answer is None or not answer.ok:
        return 0.0
    return len(answer.body) / 1024 / (answer.received_at - answer.sent_at)


class _Recorder:
    """Takes the figures of one viewer, part after part."""

    def __init__(self, desk: SessionDesktop, client: RfbClient, found: Streaming, clock: Clock = SYSTEM_CLOCK) -> None:
        self._desk = desk
        self._client = client
        self._found = found
        self._clock = clock

    def record(self, wait: Wait) -> None:
        """All parts and self-checks; the progress is noted in `wait`."""
        spot = motion.start(self._client, SOURCE_RATE, MOTION_SECONDS)
        if spot is None:
            self._found.no_motion = "no program that redraws could be started by typing into the middle of the desktop"
        motion.stop(self._client)
        meter = self._desk.opened().stream_meter(*(self._client.middle if spot is None else (spot.x, spot.y)))
        seconds = self._found.planned / PARTS
        for number in range(PARTS):
            moves = number % 2 == 1 and spot is not None
            wait.note(f"part {number + 1} of {PARTS}: the desktop {'moves' if moves else 'stands still'}")
            if number % 2 and spot is not None:
                self._moving(spot, seconds, meter)
                wait.note(f"{self._found.rates[-1].received:.1f} pictures/s, {len(self._found.trips)} round trips")
            else:
                self._still(seconds, meter)
        wait.note("the self-checks")
        self._check(spot)
        wait.end("met")

    def _still(self, seconds: float, meter: StreamMeter) -> None:
        meter.take()
        self._found.trips += self._trips(seconds)
        self._found.traffic.append((STILL, meter.take()))

    def _moving(self, spot: Spot, seconds: float, meter: StreamMeter) -> None:
        motion.start(self._client, SOURCE_RATE, MOTION_SECONDS)
        meter.take()
        self._found.rates.append(self._count(spot, SOURCE_RATE, seconds * (1 - TRIPS_SHARE)))
        self._found.gaps.append(self._trips_while_moving(spot, seconds * TRIPS_SHARE))
        self._found.traffic.append((MOVING, meter.take()))
        motion.stop(self._client)

    def _check(self, spot: Spot | None) -> None:
        """The self-checks: a known delay, and a source of another known rate."""
        self._client.delay = INJECTED_MILLISECONDS / 1000
        self._found.delayed += [self._client.round_trip() * 1000 for _ in range(CHECKED_TRIPS)]
        self._client.delay = 0.0
        if spot is not None:
            motion.start(self._client, SLOW_RATE, MOTION_SECONDS)
            self._found.slow = self._count(spot, SLOW_RATE, CHECK_SECONDS)
            motion.stop(self._client)

    def _trips(self, seconds: float) -> list[float]:
        trips, end = list[float](), self._clock.now() + seconds
        while self._clock.now() < end:
            self._pause(TRIP_PAUSE)
            trips.append(self._client.round_trip() * 1000)
        return trips

    def _trips_while_moving(self, spot: Spot, seconds: float) -> float:
        """Round trips of a pixel that moves; the longest time in seconds for which it kept its colour."""
        trips, changed, last = list[float](), [began := self._clock.now()], None
        while (now := self._clock.now()) < began + seconds:
            self._pause(TRIP_PAUSE)
            asked = self._clock.now()
            colour = self._client.picture((spot.x, spot.y, 1, 1)).colour_at(spot.x, spot.y)
            trips.append((self._clock.now() - asked) * 1000)
            if colour != last:
                changed.append(self._clock.now())
            last = colour
        self._found.trips += trips
        return max(later - earlier for earlier, later in itertools.pairwise([*changed, now]))

    def _count(self, spot: Spot, rate: float, seconds: float) -> FrameRate:
        return count_pictures(self._client, spot, rate, seconds, clock=self._clock, pause=self._pause)

    def _pause(self, seconds: float) -> None:
        """Lets others have their turn, and notes how late it ended."""
        began = self._clock.now()
        self._clock.wait(seconds)
        self._found.lateness.append(max(self._clock.now() - began - seconds, 0.0) * 1000)


def count_pictures(
    client: RfbClient,
    spot: Spot,
    rate: float,
    seconds: float,
    *,
    clock: Clock = SYSTEM_CLOCK,
    pause: Callable[[float], None] = SYSTEM_CLOCK.wait,
) -> FrameRate:
    """The distinct pictures of a source of `rate` that come within `seconds`, with a short pause after each."""
    began = clock.now()
    frames, last = list[Frame](), client.picture(spot.box).colour_at(spot.x, spot.y)
    while (left := began + seconds - clock.now()) > 0:
        client.request(spot.box, incremental=True)
        colour = _next_colour(client, spot, min(left, SILENCE_SECONDS))
        if colour is not None and colour != last:
            frames.append(Frame(clock.now() - began, motion.number(colour)))
            last = colour
        pause(FRAME_PAUSE)
    return FrameRate(clock.now() - began, rate, frames)


def _next_colour(client: RfbClient, spot: Spot, seconds: float) -> tuple[int, int, int] | None:
    try:
        parts = client.update(seconds)
    except NotInTime:
        return None
    colours = [colour for part in parts if (colour := part.colour_at(spot.x, spot.y)) is not None]
    return colours[-1] if colours else None


def judged(scenario: Scenario) -> Streaming:
    """The measurements that a sentence judges, which are its evidence."""
    found = scenario.results[Streaming]
    attachments.attach_text("streaming", found.table())
    return found


def figures(found: Streaming) -> Sequence[Figure]:
    """The frame rate that is judged, and the plan's other metrics: bandwidth each way, the frame rate in the page."""
    received, sent = found.kibibytes(MOVING)
    return (
        Figure("frame rate (mean)", found.frame_rate, "frames/s"),
        Figure("bandwidth to the page while it moves", received, "KiB/s"),
        Figure("bandwidth from the page while it moves", sent, "KiB/s"),
        Figure("bandwidth to the page while it stands still", found.kibibytes(STILL)[0], "KiB/s"),
        Figure("frame rate in the page", found.pictures_in_page, "frames/s"),
    )
