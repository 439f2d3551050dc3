"""Typing like a person: Shift is held for capitals and symbols, and released again."""

from __future__ import annotations

import itertools

from playwright.sync_api import Keyboard

_SHIFTED = frozenset('~!@#$%^&*()_+{}|:"<>?')
"""The signs that need Shift on a US keyboard; letters need it when they are capitals."""


def needs_shift(character: str) -> bool:
    """Whether a US keyboard gives this character with Shift alone."""
    return character in _SHIFTED or (character.isascii() and character.isupper())


def type_with_shift(keys: Keyboard, text: str, milliseconds: float) -> None:
    """Types `text`, with Shift held over each run of characters that need it. `milliseconds`: from key to key."""
    for shifted, run in itertools.groupby(text, needs_shift):
        if shifted:
            keys.down("Shift")
        keys.type("".join(run), delay=milliseconds)
        if shifted:
            keys.up("Shift")
