"""Expectations of mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from streamspace_acceptance.domain.interaction.pointing import WHEEL_DOWN, WHEEL_UP, Clicking, Scrolling
from streamspace_acceptance.domain.interaction.special_keys import END, SPECIAL_KEYS, Pressed, given_for
from streamspace_acceptance.domain.interaction.typing import CAPITALS, EVERY_CHARACTER, TWICE, Typed
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import judged, judged_pictures
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.outcomes import Unmet, Unproven

STUCK = "the release of a key is lost on its way, so that it is still down when it is pressed again"
LATE = "every key arrives, but some come late, after keys that were pressed later"


def clicked_as_aimed(clicking: Clicking) -> None:
    """The program in the window was given each click, once, with the cell that was aimed at, and of nothing else."""
    if clicking.dense is not None:
        clicked_as_aimed(replace(clicking, dense=None))
        clicking = clicking.dense
    wanted = clicking.wanted
    judged_pictures(clicking.pictures)
    judged("aimed and received", _lines("aimed at", clicking.aims) + _lines("received", clicking.clicks))
    if not clicking.is_as_aimed:
        first = next(
            (n for n, report in enumerate(wanted) if [*clicking.clicks, None][n : n + 1] != [report]), len(wanted)
        )
        click = clicking.clicks[first] if first < len(clicking.clicks) else "nothing"
        total = (
            "" if len(clicking.clicks) == len(wanted) else f"{len(clicking.clicks)} reports instead of {len(wanted)}; "
        )
        junk = f"; and input that is not a click: {clicking.rest!r}" if clicking.rest else ""
        raise Unmet(
            f"{clicking.session}, mouse",
            expected=f"each of {len(clicking.aims)} clicks in the cell that was aimed at",
            actual=f"{total}the first that missed its aim: {click}"
            f"{f', not {wanted[first]}' if first < len(wanted) else ''}{junk}",
            likely="the desktop receives other coordinates than the user pointed at",
        )
    if clicking.astray:
        raise Unmet(
            f"{clicking.session}, mouse",
            expected="each mark shown where a click on it lands",
            actual=f"{clicking.astray}, in pixels of the screen in the page",
            likely="the page mirrors, rotates or moves the picture without the client's knowledge",
        )


def scrolled(scrolling: Scrolling) -> None:
    """The program in the window was given every turn of the wheel: first up, then down, as far back as forth."""
    turned = [report.button for report in scrolling.wheel]
    up, down = turned.count(WHEEL_UP), turned.count(WHEEL_DOWN)
    judged_pictures(scrolling.pictures)
    judged("turns of the wheel", _lines(f"{scrolling.notches} notches up, then down; received", scrolling.wheel))
    if turned != [WHEEL_UP] * up + [WHEEL_DOWN] * down or up != down or up < scrolling.notches:
        raise Unmet(
            f"{scrolling.session}, wheel",
            expected=f"at least {scrolling.notches} steps up, then as many down",
            actual=f"{up} up, {down} down, {len(turned) - up - down} other"
            f"{'' if turned == sorted(turned) else ', out of order'}",
            likely="some wheel turns do not reach the session's desktop",
        )


def executed(typed: Typed, output: str) -> None:
    """The terminal received exactly `output`, and the picture shows it; and every character besides."""
    judged_pictures(typed.pictures)
    judged(
        "typed and received",
        f"typed:    {typed.command} and Enter\nexpected: {output!r}\nreceived: {typed.received!r}\n"
        f"picture:  {_look(typed)}\n"
        f"then typed:    {EVERY_CHARACTER * TWICE}\nthen received: {typed.rest}\n",
    )
    if typed.received != f"{output}\n" or not typed.is_shown:
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"{output!r}, the output of {typed.command}, in the terminal",
            actual=f"{typed.received!r} received; {_look(typed)}",
            likely="the picture in the page differs from the session's desktop"
            if typed.received == f"{output}\n"
            else "keys are lost, doubled, changed or delayed, or Shift is not released",
        )
    if typed.rest != EVERY_CHARACTER * TWICE:
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"all {len(EVERY_CHARACTER)} characters received in order, twice",
            actual=f"{typed.rest!r} received{_lacking(typed.rest or '')}",
            likely=_why_not_as_typed(typed.rest or "", EVERY_CHARACTER * TWICE),
        )
    _shift_released(typed)


def _shift_released(typed: Typed) -> None:
    """Shift is let go after each capital: an arrow key that follows arrives without it."""
    wanted = "".join(f"{capital}{SPECIAL_KEYS['ArrowUp']}" for capital in CAPITALS)
    judged("capitals, each with an arrow key after it", f"expected: {wanted!r}\nreceived: {typed.capitals!r}")
    if typed.capitals not in (None, wanted):
        raise Unmet(
            f"{typed.session}, keyboard",
            expected=f"a plain arrow key after each capital letter: {wanted!r}",
            actual=f"{typed.capitals!r} received",
            likely="the release of Shift is lost, so the key stays down",
        )


def _why_not_as_typed(received: str, text: str) -> str:
    """The likely fate of the keys: none is lost where all have come, though not in their turn."""
    if sorted(received) == sorted(text):
        return LATE
    if received.startswith(EVERY_CHARACTER) and len(received) <= len(text):
        return STUCK
    if received.lower() == text.lower():
        return "Shift is lost on its way, or is not released again"
    return "some keys are taken for others, or who types fast and long loses some"


def _look(typed: Typed) -> str:
    if typed.is_shown:
        return "shown as it should be"
    return "not shown: " + (
        "its place is not visible" if typed.off is None else f"the picture differs by {typed.off:.1%}"
    )


def _lines(title: str, items: Iterable[object]) -> str:
    return "\n".join([f"{title}:", *(f"  {item}" for item in items), ""])


def special_keys_arrived(pressed: Pressed) -> None:
    """Each special key arrived as what it is, once, and in its turn; but for those that the desktop keeps."""
    wanted = "".join(map(given_for, pressed.keys))
    judged_pictures(pressed.pictures)
    keys = [f"{key}: {given_for(key)!r}" for key in pressed.keys]
    kept = [f"{key}: {why}" for key, why in pressed.kept.items()]
    judged(
        "pressed and received",
        _lines("pressed, and what a program gets for it", keys)
        + (_lines("not judged", kept) if kept else "")
        + f"received: {pressed.received!r}",
    )
    is_late = sorted(pressed.received) == sorted(f"{wanted}{END}")
    if pressed.received != wanted:
        raise Unmet(
            f"{pressed.session}, special keys",
            expected=f"{', '.join(pressed.keys)}: {wanted!r}",
            actual=repr(pressed.received),
            likely=LATE if is_late else _first_wrong(pressed),
        )


def lag_below(lag: InputLag, limit: float) -> float:
    """Nine answers of ten come within `limit` milliseconds, whatever the input; gives the slowest kind's figure."""
    judged("input lag", f"limit: {limit:g} ms for nine answers of ten\n{lag.table()}")
    if distrust := lag.distrust(limit):
        raise Unproven(f"the input lag cannot be measured here: {distrust}")
    if lag.worst >= limit and (excuse := lag.excuse(limit)):
        raise Unproven(f"this machine is too busy to measure the product's lag: {excuse}\n{lag.table()}")
    if network := lag.network.explains(lag.worst, limit):
        raise Unproven(f"{network}, and 90 % of the responses come within {lag.worst:.0f} ms\n{lag.table()}")
    attachments.record_figure("input lag (90th percentile)", lag.worst, "ms")
    if lag.worst >= limit:
        raise Unmet(
            f"{lag.session}, input lag",
            expected=f"90 % of the responses within {limit:g} ms",
            actual="; ".join(f"{kind}: {lag.percentile(kind):.0f} ms" for kind in lag.lags) + " (90th percentile)",
            timeline=" · ".join(f"{kind}: {len(lags)} answers" for kind, lags in lag.lags.items()),
            likely=lag.cause,
        )
    return lag.worst


def _lacking(received: str) -> str:
    lost = [character for character in EVERY_CHARACTER if received.count(character) < TWICE]
    return f"; {len(lost)} are lacking: {''.join(lost)!r}" if lost else ""


def _first_wrong(pressed: Pressed) -> str:
    rest = pressed.received
    for key in pressed.keys:
        if not rest.startswith(given_for(key)):
            return f"{key} is the first that does not arrive as what it is"
        rest = rest[len(given_for(key)) :]
    return "more arrives than was pressed"
