"""A measured figure, how it is measured, and how a table of them is printed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["MEBIBYTE", "Row", "median", "milliseconds", "percentile", "seconds", "table"]

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Row:
    """One line of the table. `raw` is what the same thing costs without us, where there is such a thing."""

    what: str
    ours: float
    unit: str
    bar: float | None = None
    raw: float | None = None
    raw_what: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.what,
            "" if self.bar is None else f"{shown(self.bar)} {self.unit}",
            f"{shown(self.ours)} {self.unit}",
            "" if self.raw is None else f"{shown(self.raw)} {self.unit} ({self.raw_what})",
            f"{self.ours / self.raw:.1f}" if self.raw else "",
            "" if self.bar is None else "yes" if self.ours <= self.bar else "NO",
        )


HEADINGS = ("What", "Bar", "Ours", "Raw", "Ratio", "Held")


def shown(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def seconds(work: Callable[[], object]) -> float:
    """By the clock."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def milliseconds(work: Callable[[], object]) -> float:
    """The same, a thousand times as many."""
    return seconds(work) * 1000


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of `values` that is not below `part` (0 to 1) of them."""
    return sorted(values)[max(math.ceil(len(values) * part) - 1, 0)]


def table(rows: Sequence[Row]) -> str:
    """As Markdown, which reads as plain text too."""
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    ruler = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (HEADINGS, ruler, *lines[1:])
    )
