"""When a schedule is due: cron's own syntax, in a time zone.

Around a change of the clocks as Debian's cron does it: what falls into the hour that is left out comes right after it,
and what falls into the one that comes twice comes once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from rules.errors import Invalid

FIELDS = 5


def refuse_bad(cron: str, time_zone: str) -> None:
    """Raise Invalid, naming what is wrong."""
    if len(cron.split()) != FIELDS:
        raise Invalid.named("cron", "Five fields are needed: minute, hour, day of the month, month, day of the week")
    try:
        CronSim(cron, datetime.now(UTC))
    except CronSimError as error:
        raise Invalid.named("cron", _sentence(str(error))) from None
    if time_zone not in zones():
        raise Invalid.named("time_zone", "There is no such time zone; it is called as in Europe/Berlin")
    if next_after(cron, time_zone, datetime.now(UTC)) is None:
        raise Invalid.named("cron", "There is no such day")


def next_after(cron: str, time_zone: str, moment: datetime) -> datetime | None:
    """The first time after the moment; None if there is none."""
    return next(iter(following(cron, time_zone, moment, 1)), None)


def following(cron: str, time_zone: str, moment: datetime, count: int) -> list[datetime]:
    """The next times after the moment."""
    return [due.astimezone(UTC) for due in islice(_times(cron, time_zone, moment), count)]


def explained(cron: str) -> str:
    """The same in words."""
    return CronSim(cron, datetime.now(UTC)).explain()


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _times(cron: str, time_zone: str, moment: datetime) -> Iterator[datetime]:
    yield from CronSim(cron, moment.astimezone(ZoneInfo(time_zone)))


def _sentence(problem: str) -> str:
    """`Bad day-of-month` is what the library says."""
    field = problem.removeprefix("Bad ").replace("-", " ").replace("of ", "of the ")
    return f"The {field} cannot be read" if problem.startswith("Bad ") else problem
