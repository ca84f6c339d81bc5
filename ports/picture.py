"""The pool at a glance: a cell for each port, or for a run of them where there are too many to draw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, TextChoices, Value, When
from django.db.models.expressions import Combinable, CombinedExpression

from ports.models import PortQuerySet

MOST_CELLS = 2000  # a browser draws these at once
MOST_STRIPS = 40
WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class Use(TextChoices):
    """What a cell shows, by its colour, its pattern and this word."""

    FREE = "free", "free"
    USED = "used", "used"
    RESERVED = "reserved", "reserved for a move"
    HELD = "held", "held by hand"
    MIXED = "mixed", "partly used"


@dataclass(frozen=True)
class Cell:
    first: int
    last: int
    use: Use

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}–{self.last}"
        return f"{ports} {self.use.label}"


@dataclass(frozen=True)
class Strip:
    """The ports of one address and protocol."""

    ip: str
    protocol: str
    first: int
    last: int
    ports: int
    free: int
    width: int  # port numbers that a cell stands for
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """What is drawn; `left_out` strips are not."""

    strips: list[Strip]
    left_out: int

    @property
    def uses(self) -> list[Use]:
        """What it shows, for the legend."""
        shown = {cell.use for strip in self.strips for cell in strip.cells}
        return [use for use in Use if use in shown]


def draw(ports: PortQuerySet) -> Picture:
    """The picture of these ports, in two queries."""
    counted = ports.order_by("ip", "protocol").values("ip", "protocol")
    rows = list(counted.annotate(first=Min("port"), last=Max("port"), ports=Count("pk"), free=_count(_FREE)))
    drawn = rows[:MOST_STRIPS]
    strips = [Strip(**row, width=_width(row, MOST_CELLS // len(drawn))) for row in drawn]
    by_name = {(strip.ip, strip.protocol): strip for strip in strips}
    for row in _blocks(ports, strips):
        strip = by_name.get((row["ip"], row["protocol"]))
        if strip:
            strip.cells.append(Cell(row["first"], row["last"], _use(row)))
    return Picture(strips, len(rows) - len(drawn))


_FREE = Q(container=None, held=False)


def _count(which: Q) -> Count:
    return Count("pk", filter=which)


def _width(row: Any, most: int) -> int:
    """The least width with which the ports of `row` make no more than `most` cells."""

    def cells(width: int) -> int:
        return min(int(row["ports"]), int(row["last"]) // width - int(row["first"]) // width + 1)

    return next((width for width in WIDTHS if cells(width) <= most), WIDTHS[-1])


def _blocks(ports: PortQuerySet, strips: Sequence[Strip]) -> Iterable[Any]:
    """Counts of each run of numbers that is one cell."""
    wide = [When(ip=strip.ip, protocol=strip.protocol, then=Value(strip.width)) for strip in strips if strip.width > 1]
    width = Case(*wide, default=Value(1), output_field=IntegerField())
    # Both databases divide integers to an integer, which Django's own `/` promises of neither.
    block = CombinedExpression(F("port"), Combinable.DIV, width, output_field=IntegerField())
    return (
        ports.annotate(block=block)
        .order_by("ip", "protocol", "block")
        .values("ip", "protocol", "block")
        .annotate(
            first=Min("port"),
            last=Max("port"),
            ports=Count("pk"),
            free=_count(_FREE),
            held=_count(Q(held=True)),
            reserved=_count(Q(reserved=True)),
        )
    )


def _use(row: Any) -> Use:
    for use in (Use.FREE, Use.HELD, Use.RESERVED):
        if row[use.value] == row["ports"]:
            return use
    return Use.MIXED if row["free"] else Use.USED
