"""A figure of a benchmark, beside its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchFigure:
    """`value` is to be at most `goal`, in `unit`; `detail` says of how many values and what else was seen."""

    name: str
    value: float
    goal: float
    unit: str
    detail: str = ""

    @property
    def is_reached(self) -> bool:
        return self.value <= self.goal

    def row(self) -> list[str]:
        """For the table: figure, measured, goal, whether it is reached, detail."""
        reached = "yes" if self.is_reached else "NO"
        return [self.name, f"{self.value:.3g} {self.unit}", f"{self.goal:g} {self.unit}", reached, self.detail]
