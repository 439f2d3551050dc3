"""Clicks on marks in a window, turns of the wheel over it, and the reports that the program in the window received."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.program_sources import INSET
from streamspace_acceptance.domain.interaction.terminal_program import TerminalProgram
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven, unproven_if_failed
from streamspace_acceptance.waiting import poll

LEFT, MIDDLE, RIGHT = BUTTONS = ("left", "middle", "right")
WHEEL_UP, WHEEL_DOWN = 64, 65
DENSE = 2.0
"""The device pixel ratio of many laptops and phones."""
WHEEL_PIXELS = 100  # a browser's pixels for one notch of a wheel
_NAMES = dict(enumerate(BUTTONS)) | {WHEEL_UP: "wheel up", WHEEL_DOWN: "wheel down"}
BEGIN, END = "\x1b[<", "q"
FILLED_BOX = 0.8  # the share of its box that a mark covers at the least
# For each click in turn the edges of its mark, across and down, near which it is aimed: in each corner of the window
# first those towards its middle, at last the other ones. So a click that lands beside is seen on any side of the mark.
_INNER, _OUTER = ((1, 1), (-1, 1), (1, -1), (-1, -1)), ((-1, -1), (1, -1), (-1, 1), (1, 1))
_EDGES = (*_INNER, (0, 0), (1, 1), (-1, -1), *_OUTER)
_IN_THE_MIDDLE = 6  # the last of the clicks there

Box = tuple[int, int, int, int]

# SGR mouse reports (xterm, mode 1006): button ; column ; row, M for pressed and m for released.
_REPORT = re.compile(r"\x1b\[<(\d+);(\d+);(\d+)([Mm])")


@dataclass(frozen=True)
class Report:
    """A mouse report as a program receives it: the button by its number, the cell by column and row from 1 on."""

    button: int
    column: int
    row: int
    pressed: bool

    def __str__(self) -> str:
        name = _NAMES.get(self.button, f"button {self.button}")
        return f"{name} {'pressed' if self.pressed else 'released'} at column {self.column}, row {self.row}"


@dataclass(frozen=True)
class Aim:
    """A click: the name of the mark, its cell and the button."""

    name: str
    column: int
    row: int
    button: int = 0

    @property
    def reports(self) -> tuple[Report, Report]:
        """The reports that a program must receive of it."""
        pressed, released = (Report(self.button, self.column, self.row, pressed=down) for down in (True, False))
        return pressed, released

    def __str__(self) -> str:
        return f"{BUTTONS[self.button]} click {self.name} (column {self.column}, row {self.row})"


@dataclass(frozen=True)
class Clicking:
    """The clicks that were made and the reports that arrived. `rest` is input that is not a mouse report.

    `astray`: that the page shows a mark elsewhere than where a click on it goes; empty where it does not.
    `dense` is the same on a screen with two pixels for each of a page's, across and down.
    """

    session: str
    aims: Sequence[Aim]
    clicks: Sequence[Report]
    rest: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    dense: Clicking | None = None
    astray: str = ""

    @property
    def wanted(self) -> list[Report]:
        """The reports that must arrive, in this order and no others."""
        return [report for aim in self.aims for report in aim.reports]

    @property
    def is_as_aimed(self) -> bool:
        """Whether they are what arrived, on this screen."""
        return list(self.clicks) == self.wanted and not self.rest


@dataclass(frozen=True)
class Scrolling:
    """Turns of the wheel, `notches` each way, and the reports that arrived."""

    session: str
    notches: int
    wheel: Sequence[Report]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Marks:
    """The picture that shows the marks, their boxes and, for each click, the point in the page at which it is made."""

    picture: Picture
    boxes: Sequence[Box]
    points: Sequence[tuple[int, int]]

    def landed(self, report: Report, grid: tuple[int, int]) -> tuple[float, float]:
        """The middle of a report's cell, in pixels of the picture; `grid` has so many columns and rows.

        The first and the fourth mark are INSET cells from the first and the last cell of the grid, on either axis.
        """
        first, last = self.boxes[0], self.boxes[3]
        across, down = (_cell(first, last, axis, cell, cells) for axis, cell, cells in (
            (0, report.column, grid[0]), (1, report.row, grid[1])
        ))  # fmt: skip
        return across, down


def _cell(first: Box, last: Box, axis: int, cell: int, cells: int) -> float:
    begin, end = ((box[axis] + box[axis + 2]) / 2 for box in (first, last))
    return begin + (end - begin) * (cell - 1 - INSET) / max(cells - 1 - 2 * INSET, 1)


def click(scenario: Scenario) -> None:
    """Clicks on each mark on an ordinary screen, then on one with two pixels for each of a page's.

    Both show the same window, whose program receives the clicks on either. A click that went astray on the first screen
    says enough.
    """
    desk = scenario.desktop
    colours = desk.unused_colours(5)
    receiver = TerminalProgram(desk, program_sources.targets(colours))
    ordinary = _clicked(desk, receiver, colours)
    if ordinary.astray or not ordinary.is_as_aimed:
        scenario.results.put(ordinary)
        return
    dense = scenario.new_desktop(scenario.session, ratio=DENSE)
    dense.connect()
    dense.open(scenario.clients.browser)
    with unproven_if_failed(f"the desktop did not show on a screen of pixel ratio {DENSE:g}"):
        dense.wait_for_client()
        dense.wait_until_rendered()
    scenario.results.put(replace(ordinary, dense=_clicked(dense, receiver, colours)))


def _clicked(desk: SessionDesktop, receiver: TerminalProgram, colours: Sequence[Colour]) -> Clicking:
    """Clicks on each mark, with all buttons and twice at once in the middle; Unproven without marks."""
    rows, columns = map(int, receiver.told)
    marks = _marks(desk, colours)
    points, astray = marks.points, _astray(desk, marks, colours)
    left, top, right, bottom = 1 + INSET, 1 + INSET, columns - INSET, rows - INSET
    corners = [
        Aim("at the top left", left, top),
        Aim("at the top right", right, top),
        Aim("at the bottom left", left, bottom),
        Aim("at the bottom right", right, bottom),
    ]
    middle = [Aim("in the middle", columns // 2, rows // 2, button) for button in range(len(BUTTONS))]
    aims = [*corners, *middle, *(replace(aim, name=f"{aim.name}, at its outer edge") for aim in corners)]
    twice = [Aim(f"in the middle, {which} of a double click", columns // 2, rows // 2) for which in ("first", "second")]
    viewer, before = desk.opened(), receiver.received_so_far()
    reports = before.count(BEGIN)
    for aim, place in zip(aims, points, strict=True):
        viewer.click(*place, button=BUTTONS[aim.button])  # type: ignore[arg-type]
        reports += len(aim.reports)
        # Like a user, wait until the click has arrived before moving to the next mark.
        if receiver.received(until=BEGIN, times=reports).count(BEGIN) < reports:
            break  # this click is lost: the rest would only wait as long
    else:
        viewer.double_click(*points[_IN_THE_MIDDLE])
        receiver.received(until=BEGIN, times=reports + sum(len(aim.reports) for aim in twice))
    viewer.press(END)
    received = receiver.received(until=END, times=before.count(END) + 1).removeprefix(before)
    screen = "" if desk.ratio == 1 else f" on a screen of pixel ratio {desk.ratio:g}"
    clicking = clicking_from(f"{desk.session.subject}{screen}", [*aims, *twice], received)
    landed = [marks.landed(report, (columns, rows)) for report in clicking.clicks if report.pressed]
    pictures = {
        f"before the clicks{screen}": marks.picture.png,
        f"after the clicks, a ring where each landed{screen}": viewer.framebuffer().ringed(landed),
    }
    return replace(clicking, pictures=pictures, astray=astray)


def scroll(scenario: Scenario, up: int, down: int) -> None:
    """Turns the wheel so many notches up, then down, over the window of a program; Unproven without a program."""
    desk = scenario.desktop
    desk.wait_until_rendered()
    receiver = TerminalProgram(desk, program_sources.wheel())  # its start leaves the pointer over the window
    viewer = desk.opened()
    before = viewer.framebuffer().png
    for pixels in [-WHEEL_PIXELS] * up + [WHEEL_PIXELS] * down:
        viewer.turn_wheel(pixels)
    viewer.press(END)
    received = receiver.received(until=END)
    pictures = {"before the wheel was turned": before, "after the wheel was turned": viewer.framebuffer().png}
    scenario.results.put(Scrolling(desk.session.subject, max(up, down), wheel_reports(received), pictures))


def clicking_from(
    session: str, aims: Sequence[Aim], received: str, pictures: Mapping[str, bytes] | None = None
) -> Clicking:
    """The clicks among the received reports, and what else was received."""
    clicks = [report for report in _reports(received) if report.button < WHEEL_UP]
    return Clicking(session, aims, clicks, _REPORT.sub("", received).replace(END, "", 1), pictures or {})


def wheel_reports(received: str) -> list[Report]:
    """The turns of the wheel among the received reports."""
    return [report for report in _reports(received) if report.button >= WHEEL_UP and report.pressed]


def _reports(received: str) -> list[Report]:
    return [
        Report(int(button), int(column), int(row), kind == "M")
        for button, column, row, kind in _REPORT.findall(received)
    ]


def _marks(desk: SessionDesktop, colours: Sequence[Colour]) -> Marks:
    """All marks, once a picture shows them; Unproven without.

    The search uses the desktop's own pixels: where a page scales a picture, the edge of one mark blends into the
    background and may pass through the colour of another.
    """
    viewer = desk.opened()
    # A VNC server may draw the pointer into the picture, where another viewer left it or where it lags behind: there it
    # would cover a mark. No mark is halfway between the middle and a corner.
    across, down = viewer.middle()
    for aside in (0, 1):
        viewer.move_to(across // 2 + aside, down // 2)
    try:
        picture, boxes = poll(
            desk.wait("marks to click on"),
            lambda: _seen(viewer.framebuffer(), colours),
            met=lambda seen: None not in seen[1],
            says=lambda seen: f"{len(seen[1]) - seen[1].count(None)} of {len(seen[1])} marks",
            likely=lambda seen: desk.blame(_why_not_all(seen[1])),
            every=LOOK_SECONDS,
        )
    except Unmet as unmet:
        raise Unproven(f"there is nothing to click on: {unmet.actual}; {unmet.likely}") from unmet
    shown = viewer.magnification()
    found = list(filter(None, boxes))
    *corners, middle = found
    boxes_in_turn = [*corners, middle, middle, middle, *corners]
    spots = [spot(box, at, shown) for box, at in zip(boxes_in_turn, _EDGES, strict=True)]
    points = [viewer.shown_at(*point) for point in spots]
    if viewer.covered(points):
        raise Unproven("something else in the page covers the marks to click on")
    return Marks(picture, found, points)


def _why_not_all(boxes: Sequence[Box | None]) -> str:
    if boxes.count(None) == len(boxes):
        return "the picture is not what the session's desktop shows"
    return "the window goes beyond the screen, something lies over it, or a part of the picture is missing"


def _astray(desk: SessionDesktop, marks: Marks, colours: Sequence[Colour]) -> str:
    """That the page shows a mark elsewhere than at its place on the client's screen; empty if it does not."""
    viewer = desk.opened()
    page, (across, down) = viewer.picture(), viewer.magnification()
    places = [viewer.shown_at((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in marks.boxes]
    sizes = [(right - left) * across * (bottom - top) * down for left, top, right, bottom in marks.boxes]
    return "" if page is None else shown_elsewhere(page, colours, places, sizes)


def shown_elsewhere(
    page: Picture, colours: Sequence[Colour], places: Sequence[tuple[int, int]], sizes: Sequence[float]
) -> str:
    """The first mark of a colour that a picture of the page shows, and not at its place; empty if there is none.

    `sizes` are their pixels in the page. A page that filters colours, or scales a picture down until they blend, shows
    no such mark.
    """
    for colour, place, size in zip(colours, places, sizes, strict=True):
        area = page.area(colour)
        is_whole = area.share * page.pixels >= FILLED_BOX / 2 * size and area.fills(page) >= FILLED_BOX
        if is_whole and area.box is not None and not area.holds(*place):
            left, top, right, bottom = area.box
            return f"the mark that the client has at {place} is shown at {((left + right) // 2, (top + bottom) // 2)}"
    return ""


def spot(box: Box, edges: tuple[int, int], shown: tuple[float, float]) -> tuple[float, float]:
    """The point of a mark, in pixels of the framebuffer, near these edges: -1 left or top, 1 right or bottom, 0 none.

    `shown` is the size of a framebuffer's pixel in pixels of the page. Where it is below 1, the point keeps a whole
    pixel of the page from the edge, since clicks fall on pixels of the page.
    """
    return _along(box[0], box[2], edges[0], shown[0]), _along(box[1], box[3], edges[1], shown[1])


def _along(begin: int, end: int, edge: int, shown: float) -> float:
    """Along one axis: the second pixel from the edge, or as many from it as a pixel of the page is wide."""
    margin = max(1.0, 1 / shown)
    if not edge or end - begin < 2 * margin + 1:
        return (begin + end) / 2
    return begin + margin if edge < 0 else end - 1 - margin


def _seen(picture: Picture, colours: Sequence[Colour]) -> tuple[Picture, list[Box | None]]:
    """The picture with the box of each mark; None where its colour is missing or does not fill one box."""
    areas = [picture.area(colour) for colour in colours]
    return picture, [area.box if area.box is not None and area.fills(picture) >= FILLED_BOX else None for area in areas]
