"""The colour that is typed into a desktop shows when a client exchanges the channels of its picture."""

from itertools import islice, permutations

import pytest

from streamspace_acceptance.desktop.pictures import TOLERANCE, Colour, candidates
from streamspace_acceptance.domain.sessions.input_probe import is_uneven

PLAIN = 48
"""So many colours are on a desktop of 8 bits a pixel as well."""


@pytest.mark.parametrize("colour", [(182, 73, 170), (73, 146, 85), (109, 109, 0), (146, 146, 170)])
def test_colour_that_stays_when_channels_are_exchanged_is_not_typed(colour: Colour) -> None:
    assert not is_uneven(colour)


def test_colours_that_are_typed_differ_from_each_exchange_of_their_channels() -> None:
    typed = [colour for colour in islice(candidates(), PLAIN) if is_uneven(colour)]
    assert len(typed) >= 12
    for colour in typed:
        for other in set(permutations(colour)) - {colour}:
            assert max(abs(value - to) for value, to in zip(colour, other, strict=True)) > TOLERANCE
