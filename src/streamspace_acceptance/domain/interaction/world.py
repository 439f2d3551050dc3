"""What the user of the running scenario does by mouse and keyboard. What was not done is Unproven when asked for."""

from __future__ import annotations

from streamspace_acceptance.desktop.pictures import Colour
from streamspace_acceptance.domain.interaction import input_lag, pointing, typing
from streamspace_acceptance.domain.interaction.pointing import Pointing
from streamspace_acceptance.domain.interaction.typing import Pressed, Typed
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop, distinct_colours
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.outcomes import require


class InteractionWorld:
    """The hands of a user, and what came of what they did."""

    def __init__(self) -> None:
        self._pointing: Pointing | None = None
        self._typed: Typed | None = None
        self._pressed: Pressed | None = None
        self._lag: InputLag | None = None

    def point(self, desk: SessionDesktop) -> None:
        """Clicks on marks and turns the wheel."""
        self._pointing = pointing.point(desk, _colours(desk, 5))

    def type_text(self, desk: SessionDesktop, text: str) -> None:
        """Types a text."""
        self._typed = typing.type_text(desk, _colours(desk, 4), text)

    def press_keys(self, desk: SessionDesktop) -> None:
        """Presses special keys."""
        desk.wait_until_rendered()
        self._pressed = typing.press_keys(desk)

    def measure_lag(self, desk: SessionDesktop) -> None:
        """Presses keys and buttons, each timed."""
        self._lag = input_lag.measure(desk, _colours(desk, 2))

    @property
    def pointing(self) -> Pointing:
        """What came of clicks and of the wheel."""
        return require(self._pointing, "nothing was clicked on")

    @property
    def typed(self) -> Typed:
        """What came of typing."""
        return require(self._typed, "nothing was typed")

    @property
    def pressed(self) -> Pressed:
        """What came of special keys."""
        return require(self._pressed, "no special key was pressed")

    @property
    def lag(self) -> InputLag:
        """What was measured."""
        return require(self._lag, "no input lag was measured")


def _colours(desk: SessionDesktop, count: int) -> list[Colour]:
    """So many colours that the desktop, once it shows and stands still, has not got."""
    desk.wait_until_rendered()
    return distinct_colours(desk.opened().framebuffer(), count)
