"""Expectations of mouse and keyboard."""

from __future__ import annotations

from dataclasses import replace

from streamspace_acceptance.domain.interaction.pointing import TURNS, WHEEL_DOWN, WHEEL_UP, Pointing
from streamspace_acceptance.domain.interaction.typing import (
    CAPITALS,
    END,
    ENTER,
    EVERY_CHARACTER,
    SPECIAL_KEYS,
    Pressed,
    Typed,
)
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.outcomes import Unmet, Unproven

LATE = "every key arrives, but some come late, after keys that were pressed later"


def clicked_as_aimed(pointing: Pointing) -> None:
    """The program in the window was given each click, once, with the cell that was aimed at, and of nothing else."""
    if pointing.dense is not None:
        clicked_as_aimed(replace(pointing, dense=None))
        pointing = pointing.dense
    wanted = [report for aim in pointing.aims for report in aim.reports]
    if list(pointing.clicks) != wanted or pointing.rest:
        first = next(
            (n for n, report in enumerate(wanted) if [*pointing.clicks, None][n : n + 1] != [report]), len(wanted)
        )
        told = pointing.clicks[first] if first < len(pointing.clicks) else "nothing"
        junk = f"; and input that is not a click: {pointing.rest!r}" if pointing.rest else ""
        raise Unmet(
            f"{pointing.session}, mouse",
            expected="; ".join(map(str, pointing.aims)),
            actual=f"{len(pointing.clicks)} reports instead of {len(wanted)}; the first that is not as aimed: {told}"
            f"{f', not {wanted[first]}' if first < len(wanted) else ''}{junk}",
            likely="the desktop receives other coordinates than the user pointed at",
        )


def scrolled(pointing: Pointing) -> None:
    """The program in the window was given every turn of the wheel: first up, then down, as far back as forth."""
    if pointing.dense is not None:
        scrolled(pointing.dense)
    turned = [report.button for report in pointing.wheel]
    up, down = turned.count(WHEEL_UP), turned.count(WHEEL_DOWN)
    if turned != [WHEEL_UP] * up + [WHEEL_DOWN] * down or up != down or up < TURNS:
        raise Unmet(
            f"{pointing.session}, wheel",
            expected=f"at least {TURNS} steps up, then as many down",
            actual=f"{up} up, {down} down, {len(turned) - up - down} other"
            f"{'' if turned == sorted(turned) else ', out of order'}",
            likely="turns of the wheel do not all reach the session's desktop",
        )


def typed(typed: Typed) -> None:
    """The program in the window received exactly the text, and the picture shows it; and every character besides."""
    if typed.received != typed.text or not typed.is_shown:
        places = "its places are not to be seen" if typed.off is None else f"the picture differs by {typed.off:.1%}"
        look = "shown as it should be" if typed.is_shown else f"not shown: {places}"
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"{typed.text!r} received and shown",
            actual=f"{typed.received!r} received; {look}",
            likely=_why_not_as_typed(typed.received, typed.text)
            if typed.received != typed.text
            else "the picture does not follow what the session's desktop shows",
        )
    if typed.rest != EVERY_CHARACTER:
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"every character received, {len(EVERY_CHARACTER)} in their order",
            actual=f"{typed.rest!r} received{_lacking(typed.rest)}",
            likely=_why_not_as_typed(typed.rest, EVERY_CHARACTER),
        )
    _shift_released(typed)


def _shift_released(typed: Typed) -> None:
    """Shift is let go after each capital: an arrow key that follows arrives without it."""
    wanted = "".join(f"{capital}{SPECIAL_KEYS['ArrowUp']}" for capital in CAPITALS)
    if typed.capitals not in (None, wanted):
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"an arrow key as it is after each capital: {wanted!r}",
            actual=f"{typed.capitals!r} received",
            likely="the release of Shift is lost on its way, so that it stays down",
        )


def special_keys_arrived(pressed: Pressed) -> None:
    """Each special key arrived as what it is, once, and in its turn."""
    wanted = "".join(SPECIAL_KEYS[key] for key in pressed.keys)
    is_late = len(pressed.received) == len(wanted) + 1 and sorted(pressed.received) == sorted(f"{wanted}{END}")
    if pressed.received != wanted:
        raise Unmet(
            f"{pressed.session}, special keys",
            expected=f"{', '.join(pressed.keys)}: {wanted!r}",
            actual=repr(pressed.received),
            likely=f"{LATE}, or " * is_late + _first_wrong(pressed),
        )


def lag_below(lag: InputLag, limit: float) -> float:
    """Nine answers of ten come within `limit` milliseconds, whatever the input; gives the slowest kind's figure."""
    if distrust := lag.distrust(limit):
        raise Unproven(f"the input lag cannot be measured here: {distrust}")
    if lag.worst >= limit and (excuse := lag.excuse(limit)):
        raise Unproven(f"this machine is too busy to measure the product's lag: {excuse}\n{lag.table()}")
    if lag.worst >= limit:
        raise Unmet(
            f"{lag.session}, input lag",
            expected=f"nine answers of ten within {limit:g} ms",
            actual="; ".join(f"{kind}: {lag.percentile(kind):.0f} ms" for kind in lag.lags),
            timeline=lag.table().replace("\n", " · "),
            likely="something holds input or pictures back between the browser and the session's desktop",
        )
    return lag.worst


def _why_not_as_typed(received: str, text: str) -> str:
    """The likely fate of the keys: none is lost where all have come, though not in their turn."""
    together = received.replace(ENTER, "")
    if sorted(together) == sorted(text):
        return LATE
    if together.swapcase() == text or (together.lower() == text.lower() and len(together) == len(text)):
        return "Shift is lost on its way, or is not released again"
    return "keys are lost, doubled or changed on their way, or Shift is not released again"


def _lacking(received: str) -> str:
    lost = [character for character in EVERY_CHARACTER if character not in received]
    return f"; {len(lost)} are lacking: {''.join(lost)!r}" if lost else ""


def _first_wrong(pressed: Pressed) -> str:
    rest = pressed.received
    for key in pressed.keys:
        if not rest.startswith(SPECIAL_KEYS[key]):
            return f"{key} is the first that does not arrive as what it is"
        rest = rest[len(SPECIAL_KEYS[key]) :]
    return "more arrives than was pressed"
