"""Mouse and keyboard: what arrived is told apart exactly, and each expectation of test 1.1e is seen to fail."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from streamspace_acceptance import expect
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.pointing import (
    END,
    Aim,
    Clicking,
    Marks,
    Report,
    Scrolling,
    clicking_from,
    shown_elsewhere,
    spot,
    wheel_reports,
)
from streamspace_acceptance.domain.interaction.special_keys import SPECIAL_KEYS, Pressed
from streamspace_acceptance.domain.interaction.typing import EVERY_CHARACTER, Typed, printed_by
from streamspace_acceptance.measuring.distribution import percentile
from streamspace_acceptance.measuring.input_lag import NEVER, InputLag
from streamspace_acceptance.measuring.network_path import NetworkPath
from streamspace_acceptance.outcomes import Unmet, Unproven

AIMS = [Aim("at the top left", 1, 1), Aim("in the middle", 56, 16), Aim("in the middle", 56, 16, button=2)]
CLICKS = "\x1b[<0;1;1M\x1b[<0;1;1m\x1b[<0;56;16M\x1b[<0;56;16m\x1b[<2;56;16M\x1b[<2;56;16m"
UP, DOWN = "\x1b[<64;56;16M", "\x1b[<65;56;16M"
WHEEL = UP * 3 + DOWN * 3
LIMIT = 100.0


def clicking(received: str) -> Clicking:
    return clicking_from("session s", AIMS, received + END)


def scrolling(received: str) -> Scrolling:
    return Scrolling("session s", 3, wheel_reports(received + END))


def test_click_is_shown_in_the_cell_that_was_reported() -> None:
    boxes = [(10, 20, 20, 40), (110, 20, 120, 40), (10, 220, 20, 240), (110, 220, 120, 240), (60, 120, 70, 140)]
    marks = Marks(Picture(blank_png()), boxes, [])
    assert marks.landed(Report(0, 3, 3, pressed=True), (15, 15)) == (15, 30)
    assert marks.landed(Report(0, 13, 13, pressed=True), (15, 15)) == (115, 230)
    assert marks.landed(Report(0, 8, 5, pressed=True), (15, 15)) == (65, 70)


def blank_png() -> bytes:
    png = io.BytesIO()
    Image.new("RGB", (130, 250)).save(png, "PNG")
    return png.getvalue()


def test_clicks_that_arrive_as_aimed_are_proven() -> None:
    found = clicking(CLICKS)
    expect.interaction.clicked_as_aimed(found)
    assert found.clicks[0] == Report(0, 1, 1, pressed=True)
    assert str(found.clicks[-1]) == "right released at column 56, row 16"


@pytest.mark.parametrize(
    ("received", "actual"),
    [
        ("", "the first that missed its aim: nothing, not left pressed at column 1, row 1"),
        (CLICKS.replace("0;1;1M", "0;2;1M"), "left pressed at column 2, row 1, not left pressed at column 1, row 1"),
        (CLICKS.replace("56;16", "56;17"), "row 17"),
        (CLICKS.replace("\x1b[<0;1;1m", ""), "5 reports instead of 6"),
        (CLICKS * 2, "12 reports instead of 6"),
        (CLICKS.replace("<2", "<0"), "left pressed at column 56, row 16, not right pressed"),
        (CLICKS + "\x1b[A", "input that is not a click: '\\x1b[A'"),
    ],
)
def test_clicks_that_do_not_arrive_as_aimed(received: str, actual: str) -> None:
    with pytest.raises(Unmet) as caught:
        expect.interaction.clicked_as_aimed(clicking(received))
    assert actual in caught.value.actual


@pytest.mark.parametrize(
    ("edges", "shown", "at"),
    [
        ((1, 1), (1.0, 1.0), (104, 211)),
        ((-1, -1), (1.0, 1.0), (101, 201)),
        ((0, 0), (1.0, 1.0), (103, 206)),
        ((1, -1), (0.5, 0.5), (103, 202)),  # a pixel of the page is two of the framebuffer
        ((1, 1), (0.2, 0.2), (103, 207)),  # five: too narrow for that, so in the middle
    ],
)
def test_a_click_is_aimed_near_the_edge_of_its_mark(
    edges: tuple[int, int], shown: tuple[float, float], at: tuple[int, int]
) -> None:
    across, down = spot((100, 200, 106, 213), edges, shown)
    assert (int(across), int(down)) == at


RED, BLUE = (182, 73, 0), (73, 109, 170)
MARKS_AT = [(5, 10), (95, 10)]


def marked(*boxes: tuple[int, int, int, int]) -> Picture:
    image, png = Image.new("RGB", (100, 60), (15, 27, 36)), io.BytesIO()
    for colour, box in zip((RED, BLUE), boxes, strict=False):
        image.paste(colour, box)
    image.save(png, "PNG")
    return Picture(png.getvalue())


@pytest.mark.parametrize(
    ("page", "elsewhere"),
    [
        (marked((0, 0, 10, 20), (90, 0, 100, 20)), ""),
        (marked(), ""),  # a night light: the colours are others
        (marked((50, 30, 51, 31)), ""),  # a stray pixel is no mark
        (marked((90, 0, 100, 20), (0, 0, 10, 20)), "the mark that the client has at (5, 10) is shown at (95, 10)"),
        (marked((0, 25, 10, 45)), "(5, 10) is shown at (5, 35)"),
    ],
)
def test_mark_that_the_page_shows_elsewhere(page: Picture, elsewhere: str) -> None:
    found = shown_elsewhere(page, [RED, BLUE], MARKS_AT, [200.0, 200.0])
    assert elsewhere in found
    assert bool(found) == bool(elsewhere)


def test_clicks_on_a_mirrored_picture_are_not_as_aimed() -> None:
    with pytest.raises(Unmet) as caught:
        expect.interaction.clicked_as_aimed(replace(clicking(CLICKS), astray="the mark that the client has at (5, 10)"))
    assert "mirrors" in caught.value.likely


@pytest.mark.parametrize("wheel", ["", DOWN * 3, UP * 3, UP * 3 + DOWN * 2, UP * 2 + DOWN * 2, DOWN * 3 + UP * 3])
def test_turns_of_the_wheel_that_are_lost_or_turned_round(wheel: str) -> None:
    with pytest.raises(Unmet, match="wheel"):
        expect.interaction.scrolled(scrolling(wheel))


def test_a_browser_may_make_several_steps_of_one_turn() -> None:
    expect.interaction.scrolled(scrolling(WHEEL))
    expect.interaction.scrolled(scrolling(UP * 6 + DOWN * 6))


TYPED = Typed("session s", 'echo "Hello"', "Hello", "Hello\n", ink=0.12, off=0.0, rest=EVERY_CHARACTER * 2)


def test_output_that_is_received_and_shown_is_proven() -> None:
    expect.interaction.executed(TYPED, "Hello")
    expect.interaction.executed(replace(TYPED, off=0.02), "Hello")


def test_output_expected_of_a_command_is_its_quoted_text() -> None:
    assert printed_by('echo "Hello StreamSpace"') == "Hello StreamSpace"


@pytest.mark.parametrize(
    ("changed", "actual"),
    [
        ({"received": "hello\n"}, "'hello\\n' received"),
        ({"received": ""}, "'' received"),
        ({"received": "HHeelllloo\n"}, "received"),
        ({"received": "bash: ecco: command not found\n"}, "command not found"),
        ({"off": 0.12}, "the picture differs by 12.0%"),
        ({"off": None, "ink": None}, "its place is not visible"),
        ({"off": 0.0, "ink": 0.0}, "not shown"),
        ({"rest": EVERY_CHARACTER.replace("@", "2") * 2}, "1 are lacking: '@'"),
        ({"rest": EVERY_CHARACTER[:40] * 2}, "55 are lacking"),
        ({"rest": EVERY_CHARACTER + EVERY_CHARACTER.replace("x", "")}, "1 are lacking: 'x'"),
        ({"rest": EVERY_CHARACTER * 3}, "received"),
    ],
)
def test_output_that_is_lost_changed_or_not_shown(changed: dict[str, object], actual: str) -> None:
    with pytest.raises(Unmet) as caught:
        expect.interaction.executed(replace(TYPED, **changed), "Hello")  # type: ignore[arg-type]
    assert actual in caught.value.actual


def test_stuck_key_is_named_by_what_it_does() -> None:
    with pytest.raises(Unmet) as caught:
        expect.interaction.executed(replace(TYPED, rest=EVERY_CHARACTER + EVERY_CHARACTER.replace("X", "x")), "Hello")
    assert caught.value.likely.startswith("the release of a key is lost")


def test_special_keys() -> None:
    whole = "".join(SPECIAL_KEYS.values())
    expect.interaction.special_keys_arrived(Pressed("session s", tuple(SPECIAL_KEYS), whole))
    for wrong in ("", whole.replace("\x03", "c"), whole.replace("\x1bx", "x"), whole.replace("\t", ""), whole + "k"):
        with pytest.raises(Unmet, match="special keys"):
            expect.interaction.special_keys_arrived(Pressed("session s", tuple(SPECIAL_KEYS), wrong))


def test_the_first_key_that_does_not_arrive_is_named() -> None:
    lost = "".join(SPECIAL_KEYS.values()).replace("\x1bx", "x")
    with pytest.raises(Unmet) as caught:
        expect.interaction.special_keys_arrived(Pressed("session s", tuple(SPECIAL_KEYS), lost))
    assert caught.value.likely == "Alt+x is the first that does not arrive as what it is"


def lag(keyboard: list[float], mouse: list[float], *, injected: float = 60.0, late: float = 1.0) -> InputLag:
    delayed = [sorted(keyboard)[len(keyboard) // 2] + injected] * 9
    return InputLag("session s", {"keyboard": keyboard, "mouse": mouse}, delayed, "keyboard", [late] * 20)


def test_nine_answers_of_ten_in_time_are_proven() -> None:
    assert expect.interaction.lag_below(lag([20.0] * 9 + [500.0], [30.0] * 10), LIMIT) == 30.0
    assert percentile([1.0, 2.0, 3.0], 0.9) == 3.0


@pytest.mark.parametrize(
    ("keyboard", "mouse"),
    [
        ([120.0] * 10, [20.0] * 10),
        ([20.0] * 10, [120.0] * 10),
        ([20.0, 20.0, 120.0] * 10, [20.0] * 30),
        ([20.0] * 10, [20.0] * 8 + [NEVER] * 2),
        ([100.0] * 10, [20.0] * 10),
    ],
)
def test_answers_that_are_late(keyboard: list[float], mouse: list[float]) -> None:
    with pytest.raises(Unmet) as caught:
        expect.interaction.lag_below(lag(keyboard, mouse), LIMIT)
    assert caught.value.timeline == f"keyboard: {len(keyboard)} answers · mouse: {len(mouse)} answers"


def test_page_that_keeps_itself_busy_has_no_excuse() -> None:
    late = lag([20.0] * 10, [180.0] * 10, late=90.0)
    with pytest.raises(Unproven, match="this machine is too busy"):
        expect.interaction.lag_below(replace(late, load=0.3), LIMIT)
    with pytest.raises(Unmet) as caught:
        expect.interaction.lag_below(replace(late, load=0.8), LIMIT)
    assert caught.value.likely == "the page's own scripts keep it busy: its thread used 80% of a processor"


def test_lag_that_the_network_alone_explains_is_unproven() -> None:
    late = lag([120.0] * 10, [130.0] * 10)
    with pytest.raises(Unproven, match=r"the network to host:443 alone takes 40\.0 ms"):
        expect.interaction.lag_below(replace(late, network=NetworkPath("host:443", 40.0, 10)), LIMIT)
    with pytest.raises(Unmet, match="mouse: 130 ms"):
        expect.interaction.lag_below(replace(late, network=NetworkPath("host:443", 4.0, 10)), LIMIT)


def test_late_answers_of_a_saturated_node_are_unproven() -> None:
    late = lag([20.0] * 10, [180.0] * 10)
    with pytest.raises(Unproven, match="too busy to measure the product's lag: n1 was 99% busy"):
        expect.interaction.lag_below(replace(late, nodes={"n1": 0.99, "n2": 0.4}), LIMIT)
    with pytest.raises(Unmet):
        expect.interaction.lag_below(replace(late, nodes={"n1": 0.95}), LIMIT)
    assert expect.interaction.lag_below(replace(lag([20.0] * 10, [30.0] * 10), nodes={"n1": 0.99}), LIMIT) == 30.0


SPARED, CAUGHT = [15.0, 140.0, 23.0] * 10, [142.0, 15.0, 142.0] * 10


def test_lag_of_a_sometimes_slow_product_is_trusted() -> None:
    delayed = [200.0, 83.0, 200.0, 200.0, 75.0, 200.0, 83.0, 200.0, 75.0]
    with pytest.raises(Unmet, match="mouse: 142 ms"):
        expect.interaction.lag_below(
            InputLag("s", {"keyboard": SPARED, "mouse": CAUGHT}, delayed, "keyboard", [0.4]), LIMIT
        )


@pytest.mark.parametrize(
    ("keyboard", "delayed"),
    [
        (SPARED, [15.0, 140.0, 23.0] * 3),  # seen before it was sent
        ([130.0] * 30, [130.0] * 9),  # slow, but steady: the delay must be found
        ([15.0, 60.0, 90.0] * 10, [60.0, 61.0, 92.0] * 3),  # within the limit
    ],
)
def test_lag_untrusted_probe_differs_from_slow_product(keyboard: list[float], delayed: list[float]) -> None:
    with pytest.raises(Unproven, match="put in on purpose"):
        expect.interaction.lag_below(InputLag("s", {"keyboard": keyboard}, delayed, "keyboard", [0.4]), LIMIT)


@pytest.mark.parametrize("injected", [0.0, 35.0, 90.0, NEVER])
def test_lag_without_its_injected_delay_is_unproven(injected: float) -> None:
    with pytest.raises(Unproven, match="put in on purpose"):
        expect.interaction.lag_below(lag([20.0] * 10, [20.0] * 10, injected=injected), LIMIT)


def test_a_busy_machine_is_not_the_products_lag() -> None:
    with pytest.raises(Unproven, match="too busy"):
        expect.interaction.lag_below(lag([120.0] * 10, [120.0] * 10, late=30.0), LIMIT)
    with pytest.raises(Unproven, match="too busy"):
        expect.interaction.lag_below(lag([41.0] * 8 + [134.0] * 2, [40.0] * 10, late=4.6), LIMIT)
    expect.interaction.lag_below(lag([20.0] * 10, [20.0] * 10, late=30.0), LIMIT)


def test_lag_slow_product_differs_from_busy_machine() -> None:
    with pytest.raises(Unmet):
        expect.interaction.lag_below(lag([165.0] * 10, [20.0] * 10, late=4.6), LIMIT)


def test_a_text_with_quotes_is_handed_to_the_shell_as_it_is() -> None:
    assert """'it'\\''s "this"'""" in program_sources.shell([(1, 2, 3)] * 2, """it's "this\"""")
