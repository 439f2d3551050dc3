"""Control characters made visible: what a product says must command no terminal, and forge no line of a report."""

from __future__ import annotations

import re

# Of the controls only tab and line end are text. The marks of direction let a line read other than it stands, and half
# a character can be written to no file.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
)


def escape(text: str) -> str:
    r"""`text` with each control character as JSON spells it, `\u001b`; JSON stays JSON that says the same."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
