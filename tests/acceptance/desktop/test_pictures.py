"""Pictures: what is on them, where a colour is, how two of them differ."""

import io

import pytest
from PIL import Image, ImageDraw

from streamspace_acceptance.desktop.pictures import RING, TOLERANCE, Picture, candidates, random_colours
from streamspace_acceptance.domain.sessions.session_desktop import distinct_colours
from streamspace_acceptance.outcomes import Unproven

BLUE = (60, 120, 200)


Box = tuple[tuple[int, int, int, int], tuple[int, int, int]]


def picture(*boxes: Box, size: tuple[int, int] = (100, 50)) -> Picture:
    image = Image.new("RGB", size, (10, 10, 10))
    for box, colour in boxes:
        ImageDraw.Draw(image).rectangle(box, colour)
    data = io.BytesIO()
    image.save(data, "PNG")
    return Picture(data.getvalue())


WINDOW = picture(((10, 10, 59, 39), BLUE))


def test_a_blank_picture_has_no_foreground() -> None:
    assert picture().foreground == 0
    assert WINDOW.foreground == pytest.approx(0.3)


def test_where_a_colour_is() -> None:
    area = WINDOW.area(BLUE)
    assert area.share == pytest.approx(0.3)
    assert area.box == (10, 10, 60, 40)
    assert area.holds(10, 10)
    assert not area.holds(60, 40)


def test_ring_stands_around_its_point_and_nowhere_else() -> None:
    ringed = Image.open(io.BytesIO(WINDOW.ringed([(30, 25)]))).convert("RGB")
    assert ringed.getpixel((30, 25)) == BLUE
    assert ringed.getpixel((30 + RING - 2, 25)) == (255, 255, 255)
    assert ringed.getpixel((90, 5)) == (10, 10, 10)


def test_area_accepts_a_near_colour_only() -> None:
    assert WINDOW.area((62, 118, 205)).share == pytest.approx(0.3)
    far = WINDOW.area((60, 120, 230))
    assert (far.share, far.box, far.holds(20, 20)) == (0, None, False)


def test_colour_count_agrees_with_the_pixels() -> None:
    """A picture of too many colours to count is searched pixel by pixel."""
    image = Image.effect_noise((200, 200), 90).convert("RGB")
    noise = Image.merge("RGB", [Image.effect_noise((200, 200), 90) for _ in range(3)])
    for shown in (image, noise):
        ImageDraw.Draw(shown).rectangle((20, 30, 119, 69), BLUE)
        data = io.BytesIO()
        shown.save(data, "PNG")
        counted, searched = Picture(data.getvalue()), Picture(data.getvalue())
        vars(searched)["_counted"] = None
        assert (counted._counted is None) is (shown is noise)
        for colour in (BLUE, (66, 114, 194), (250, 20, 250)):
            assert counted.share(colour) == counted.area(colour).share == searched.area(colour).share
            assert counted.area(colour) == searched.area(colour)
        assert counted.foreground == pytest.approx(searched.foreground, abs=0.01)


def test_how_pictures_differ() -> None:
    assert WINDOW.differs(WINDOW) == 0
    assert WINDOW.differs(picture()) == pytest.approx(0.3)
    assert WINDOW.differs(picture(size=(10, 10))) == 1


def test_a_plain_rectangle_fills_its_box_and_two_apart_do_not() -> None:
    assert WINDOW.area(BLUE).fills(WINDOW) == pytest.approx(1.0)
    two = picture(((0, 0, 9, 9), BLUE), ((90, 40, 99, 49), BLUE))
    assert two.area(BLUE).fills(two) < 0.1
    assert picture().area(BLUE).fills(picture()) == 0


def test_a_part_of_a_picture() -> None:
    part = WINDOW.part((0, 0, 20, 20))
    assert part is not None
    assert part.size == (20, 20)
    assert part.area(BLUE).share == pytest.approx(0.25)
    assert WINDOW.part((20, 0, 20, 20)) is None


def test_mark_colours_are_vivid_unused_and_distinct(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [
        (100, 100, 100),  # a grey
        (100, 159, 120),  # nearly one: 59 between its channels
        (66, 114, 194),  # on the picture, as far as a blurred edge can tell
        (200, 60, 60),
        (170, 60, 90),  # less than 40 from the last one in every channel
        (160, 60, 60),
    ]
    drawn_in_turn = iter(drawn)
    monkeypatch.setattr("streamspace_acceptance.desktop.pictures.candidates", lambda: drawn_in_turn)
    assert distinct_colours(WINDOW, 2) == [(200, 60, 60), (160, 60, 60)]
    assert next(drawn_in_turn, None) is None


@pytest.mark.parametrize(("bits", "least"), [((3, 3, 2), 48), ((5, 6, 5), 48)])
def test_colours_survive_a_desktop_of_few_bits(bits: tuple[int, int, int], least: int) -> None:
    def as_shown(value: int, depth: int) -> int:
        steps = (1 << depth) - 1
        return round(round(value * steps / 255) * 255 / steps)

    first = list(candidates())[:least]
    for colour in first:
        shown = tuple(as_shown(value, depth) for value, depth in zip(colour, bits, strict=True))
        assert all(abs(value - other) <= TOLERANCE for value, other in zip(colour, shown, strict=True))
    assert len(set(first)) == least


def test_a_desktop_of_all_colours_has_no_room_for_another() -> None:
    with pytest.raises(Unproven, match="nearly every colour"):
        random_colours(1, lambda _: False)
