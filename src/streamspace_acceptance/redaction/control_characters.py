"""Control characters made visible or left out: text of a product cannot command a terminal or forge a report's line."""

from __future__ import annotations

import re

# Only tab and line end are text. Marks of direction reorder a line on the screen; half a surrogate pair cannot be
# written to a file.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def without_colours(text: str) -> str:
    """`text` without a terminal's colours, which may be in the middle of a name."""
    return _COLOURS.sub("", text) if "\x1b" in text else text


def escape(text: str) -> str:
    r"""`text` with each control character as JSON escapes it, `\u001b`; JSON keeps its meaning."""
    return _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", text)
