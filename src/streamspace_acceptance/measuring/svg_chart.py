"""Small charts as SVG: they need no library, open in every browser, and are readable in dark mode.

The colours are those of Okabe and Ito, which colour-blind people can tell apart; lines also differ in their dashes, and
every series has its name beside it. The chart has a background of its own, so that it can stand on any page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

WIDTH = 860
LEFT, RIGHT, TOP, BOTTOM = 90, 150, 64, 46
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
DASHES = ("", "7 4", "2 3", "10 3 2 3")
CHARACTER = 6.6
"""The width of a character of the labels, in pixels, on the safe side."""
_STYLE = """
text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.muted{fill:#57606a}
.back{fill:#fff}.grid{stroke:#d8dee4}.limit{stroke:#1f2328;stroke-dasharray:4 3;stroke-width:1.5}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.muted{fill:#9da7b3}.back{fill:#161b22}.grid{stroke:#30363d}
.limit{stroke:#e6edf3}}
""".replace("\n", "")


def ticks(greatest: float) -> list[float]:
    """Round numbers from 0 to at least `greatest`: four to six of them."""
    if greatest <= 0:
        return [0.0, 1.0]
    rough = greatest / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return [number * step for number in range(math.ceil(greatest / step - 1e-9) + 1)]


@dataclass
class Chart:
    """A chart under construction. `x` and `y` are the greatest values of the axes; y grows upwards, in its unit."""

    title: str
    subtitle: str
    x: float
    x_label: str
    y: float = 1.0
    y_label: str = ""
    height: int = 340
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._x_ticks = ticks(self.x)
        self._y_ticks = ticks(self.y)

    @property
    def bottom(self) -> float:
        """The pixel row of the x axis."""
        return self.height - BOTTOM

    def at_x(self, value: float) -> float:
        """The pixel column of a value."""
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self._x_ticks[-1]

    def at_y(self, value: float) -> float:
        """The pixel row of a value."""
        return self.bottom - (self.bottom - TOP) * value / self._y_ticks[-1]

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> None:
        """Words at a point in pixels."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class={quoteattr(kind)}>{escape(words)}</text>'
        )

    def bar(self, box: tuple[float, float, float, float], colour: int, words: str) -> None:
        """A rectangle (left, top, width, height, in pixels); `words` appear when it is pointed at."""
        x, y, width, height = box
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
            f' fill="{COLOURS[colour % len(COLOURS)]}"><title>{escape(words)}</title></rect>'
        )

    def line(self, points: Sequence[tuple[float, float]], series: int, name: str, *, dots: bool = False) -> None:
        """A line through values, with its name at its end; `dots` marks each of them."""
        colour, dash = COLOURS[series % len(COLOURS)], DASHES[series % len(DASHES)]
        path = " ".join(f"{self.at_x(x):.1f},{self.at_y(y):.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2"{dashed}/>')
        for x, y in points if dots else ():
            self.parts.append(
                f'<circle cx="{self.at_x(x):.1f}" cy="{self.at_y(y):.1f}" r="3.5" fill="{colour}">'
                f"<title>{escape(f'{name}: {y:.3g} at {x:g}')}</title></circle>"
            )

    def cross(self, value: float, words: str) -> None:
        """A cross above a value of the x axis, with words before it."""
        self.text(self.at_x(value), self.bottom - 6, "x", anchor="middle", kind="title")
        self.text(self.at_x(value) - 8, self.bottom - 8, words, anchor="end")

    def legend(self, names: Iterable[str], *, lines: bool = False) -> None:
        """The names of the series with their colours, beside the plot."""
        for number, name in enumerate(names):
            y = TOP + 8 + 20 * number
            x = WIDTH - RIGHT + 14
            if lines:
                dash = DASHES[number % len(DASHES)]
                dashed = f' stroke-dasharray="{dash}"' if dash else ""
                self.parts.append(
                    f'<line x1="{x}" x2="{x + 22}" y1="{y - 4}" y2="{y - 4}" stroke-width="2.2"'
                    f' stroke="{COLOURS[number % len(COLOURS)]}"{dashed}/>'
                )
            else:
                self.bar((x, y - 10, 22, 12), number, name)
            self.text(x + 28, y, name)

    def limit(self, value: float, words: str, *, along: str) -> None:
        """A dashed line at a value of an axis, with its words. `along`: the axis that has the value, x or y."""
        if along == "x":
            at = self.at_x(value)
            self.parts.append(f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{self.bottom}"/>')
            fits = at + 8 + CHARACTER * len(words) < WIDTH - RIGHT
            self.text(at + (0 if fits else 4), TOP - 5, words, anchor="start" if fits else "end")
        else:
            at = self.at_y(value)
            self.parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
            self.text(LEFT + 6, at - 5, words)

    def svg(self, *, y_axis: bool = True) -> str:
        """The finished chart."""
        frame = [
            f'<rect class="back" width="{WIDTH}" height="{self.height}" rx="6"/>',
            f'<text x="16" y="26" class="title">{escape(self.title)}</text>',
            f'<text x="16" y="45" class="muted">{escape(self.subtitle)}</text>',
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{self.height - 8}" text-anchor="middle" class="muted">'
            f"{escape(self.x_label)}</text>",
        ]
        for value in self._x_ticks:
            x = self.at_x(value)
            frame.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{self.bottom}"/>')
            frame.append(f'<text x="{x:.1f}" y="{self.bottom + 16}" text-anchor="middle">{value:g}</text>')
        for value in self._y_ticks if y_axis else ():
            y = self.at_y(value)
            frame.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            frame.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        if y_axis:
            middle = (TOP + self.bottom) / 2
            frame.append(
                f'<text x="20" y="{middle}" text-anchor="middle" class="muted" transform="rotate(-90 20 {middle})">'
                f"{escape(self.y_label)}</text>"
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}"'
            f' height="{self.height}" role="img" aria-label={quoteattr(self.title)}><style>{_STYLE}</style>'
            f"{''.join(frame)}{''.join(self.parts)}</svg>\n"
        )
