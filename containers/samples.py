"""What was used over time: minutes rolled up from readings, thinned with age, and read back as a window.

Minutes are kept for a day, quarter hours for a month, hours for a year. A sample without a container is the host's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import models, transaction
from django.db.models import Avg, Max, Min, Sum

from containers.models import Container, Sample
from containers.usage import Moved

MINUTE = Sample.Span.MINUTE
# Readings that can't be written, as the database does not answer, are kept for so long.
WRITE_WITHIN = 3600  # seconds

# (thinned, what to, at which age)
THINNING = (
    (Sample.Span.MINUTE, Sample.Span.QUARTER, timedelta(days=1)),
    (Sample.Span.QUARTER, Sample.Span.HOUR, timedelta(days=30)),
)
KEPT = timedelta(days=365)
THINNED_AT_ONCE = 500  # stretches of one call; the next call goes on


class Window(models.TextChoices):
    """How far back a chart looks."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def length(self) -> timedelta:
        return _WINDOWS[self][0]

    @property
    def step(self) -> int:
        """Seconds from one point to the next: some hundreds of points, whatever the window."""
        return _WINDOWS[self][1]


_WINDOWS: dict[str, tuple[timedelta, int]] = {
    Window.HOUR: (timedelta(hours=1), 60),
    Window.DAY: (timedelta(days=1), 300),
    Window.WEEK: (timedelta(days=7), 900),
    Window.MONTH: (timedelta(days=30), 3600),
}


# --- From readings to minutes -----------------------------------------------------


@dataclass
class Stretch:
    """What one container, or the host, used during a minute. Averages are by time, as readings come unevenly."""

    seconds: float = 0.0
    cpu: float = 0.0  # percent times seconds
    cpu_highest: float = 0.0
    memory: float = 0.0  # bytes times seconds
    memory_highest: int = 0
    load: float = 0.0  # times seconds
    disk: int = 0
    bytes: dict[str, int] = field(default_factory=dict)

    def add(self, seconds: float, cpu: float, memory: int, disk: int, moved: Moved, load: float) -> None:
        self.seconds += seconds
        self.cpu += cpu * seconds
        self.cpu_highest = max(self.cpu_highest, cpu)
        self.memory += memory * seconds
        self.memory_highest = max(self.memory_highest, memory)
        self.load += load * seconds
        self.disk = disk
        for name, count in vars(moved).items():
            self.bytes[name] = self.bytes.get(name, 0) + count

    def as_sample(self, container_id: UUID | None, minute: int) -> Sample:
        return Sample(
            container_id=container_id,
            span=MINUTE,
            at=datetime.fromtimestamp(minute, UTC),
            cpu_average=self.cpu / self.seconds,
            cpu_highest=self.cpu_highest,
            memory_average=int(self.memory / self.seconds),
            memory_highest=self.memory_highest,
            disk=self.disk,
            load=self.load / self.seconds,
            **self.bytes,
        )


class Minutes:
    """Collects readings until their minute is over. Each counts for the minute in which it was taken."""

    def __init__(self) -> None:
        self._stretches: dict[tuple[UUID | None, int], Stretch] = {}

    def add(
        self,
        container_id: UUID | None,
        now: float,
        seconds: float,
        *,
        cpu: float,
        memory: int,
        disk: int,
        moved: Moved = Moved(),  # noqa: B008 - it can't be changed
        load: float = 0.0,
    ) -> None:
        """Figures for the `seconds` up to `now` (Unix time)."""
        if seconds > 0:
            key = (container_id, floor(now, MINUTE))
            self._stretches.setdefault(key, Stretch()).add(seconds, cpu, memory, disk, moved, load)

    def finished(self, now: float) -> dict[tuple[UUID | None, int], Sample]:
        """The minutes that are over; they stay until `forget`, so that a write that fails is made again."""
        return {key: stretch.as_sample(*key) for key, stretch in self._stretches.items() if key[1] + MINUTE <= now}

    def forget(self, keys: Iterable[tuple[UUID | None, int]], now: float) -> None:
        """Those that are written, and those that could not be for too long."""
        for key in [*keys, *(key for key in self._stretches if key[1] + WRITE_WITHIN < now)]:
            self._stretches.pop(key, None)


def store(samples: Iterable[Sample]) -> None:
    """Write minutes, of all containers in one transaction.

    A minute that has a row keeps it: written twice it is there once, and of a minute in which the supervisor was
    started anew the first part that was written counts.
    """
    with transaction.atomic():
        known = set(Container.objects.values_list("pk", flat=True))
        Sample.objects.bulk_create(
            (sample for sample in samples if sample.container_id is None or sample.container_id in known),
            ignore_conflicts=True,
        )


# --- Thinning -------------------------------------------------------------------------


def thin(now: datetime) -> None:
    """Make coarser what is old, remove what is too old. Safe to repeat, and to cut off between any two stretches."""
    for fine, coarse, age in THINNING:
        thin_to(fine, coarse, floor_time(now - age, coarse))
    Sample.objects.filter(span=Sample.Span.HOUR, at__lt=now - KEPT).delete()


def thin_to(fine: int, coarse: int, before: datetime) -> None:
    """Replace the samples of `fine` seconds that are older than `before` by such of `coarse` seconds."""
    for _ in range(THINNED_AT_ONCE):
        oldest = Sample.objects.filter(span=fine, at__lt=before).aggregate(at=Min("at"))["at"]
        if oldest is None:
            return
        merge(fine, coarse, floor_time(oldest, coarse))


@transaction.atomic
def merge(fine: int, coarse: int, start: datetime) -> None:
    """One stretch of `coarse` seconds, for all containers: its rows become one each."""
    rows = Sample.objects.filter(span=fine, at__gte=start, at__lt=start + timedelta(seconds=coarse))
    merged = cast(Iterable[dict[str, Any]], rows.order_by().values("container_id").annotate(**MERGED))
    Sample.objects.bulk_create(
        (
            Sample(
                container_id=row["container_id"],
                span=coarse,
                at=start,
                **{name.removeprefix("new_"): whole(name, row[name]) for name in MERGED},
            )
            for row in merged
        ),
        ignore_conflicts=True,
    )
    rows.delete()


MERGED: Mapping[str, Any] = {
    "new_cpu_average": Avg("cpu_average"),
    "new_cpu_highest": Max("cpu_highest"),
    "new_memory_average": Avg("memory_average"),
    "new_memory_highest": Max("memory_highest"),
    "new_disk": Max("disk"),
    "new_network_rx": Sum("network_rx"),
    "new_network_tx": Sum("network_tx"),
    "new_block_read": Sum("block_read"),
    "new_block_write": Sum("block_write"),
    "new_load": Avg("load"),
}
REAL = frozenset({"new_cpu_average", "new_cpu_highest", "new_load"})


def whole(name: str, value: Any) -> float | int:
    """Averages of whole columns come back as decimals from one database, as floats from the other."""
    return float(value) if name in REAL else int(value)


# --- Windows ------------------------------------------------------------------------------

_ALWAYS = ("cpu_average", "cpu_highest", "memory_average", "memory_highest", "disk")
OF_CONTAINER = (*_ALWAYS, "network_rx", "network_tx", "block_read", "block_write")
OF_HOST = (*_ALWAYS, "load")
AVERAGED = frozenset({"cpu_average", "memory_average", "load"})
ADDED = frozenset({"network_rx", "network_tx", "block_read", "block_write"})


def window(container_id: UUID | None, wanted: Window, now: datetime) -> list[dict[str, Any]]:
    """The samples of a window, one for each step in which there are any, oldest first. One query.

    `at` is the Unix time at which the step begins. Bytes are those moved during the step.
    """
    since = floor_time(now - wanted.length, wanted.step) + timedelta(seconds=wanted.step)
    columns = OF_HOST if container_id is None else OF_CONTAINER
    rows = Sample.objects.filter(container=container_id, at__gte=since).order_by("at")
    steps: dict[int, list[tuple[Any, ...]]] = {}
    for at, span, *figures in rows.values_list("at", "span", *columns):
        steps.setdefault(floor(at.timestamp(), wanted.step), []).append((span, *figures))
    return [{"at": at, **together(found, columns)} for at, found in steps.items()]


def together(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> dict[str, Any]:
    """Several samples as one. Each row begins with its seconds, the columns follow."""
    spans, *figures = zip(*rows, strict=True)
    return {name: joined(name, values, spans) for name, values in zip(columns, figures, strict=True)}


def joined(name: str, values: tuple[Any, ...], spans: tuple[int, ...]) -> Any:
    if name in ADDED:
        return sum(values)
    if name not in AVERAGED:
        return round(max(values), 2)
    average = sum(value * span for value, span in zip(values, spans, strict=True)) / sum(spans)
    return int(average) if name == "memory_average" else round(average, 2)


def floor(moment: float, seconds: int) -> int:
    """The Unix time at which the stretch of `seconds` begins that `moment` is in."""
    return int(moment // seconds * seconds)


def floor_time(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(floor(moment.timestamp(), seconds), UTC)
