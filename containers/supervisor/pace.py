"""Work that is done again and again, or beside everything else: what goes wrong in it ends nothing but itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from django.db import Error as DatabaseProblem

from rules.errors import LightdError

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


async def every(seconds: float, work: Work) -> None:
    """Do `work` again and again, with so long a pause between."""
    while True:
        await attempt(work)
        await asyncio.sleep(seconds)


async def evenly(seconds: float, work: Work) -> None:
    """Do `work` again and again, so long after it began."""
    due = time.monotonic()
    while True:
        await attempt(work)
        due = max(due + seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())


async def attempt(work: Work) -> None:
    """Do `work` once. What goes wrong is logged: it is tried again."""
    try:
        await work()
    except (LightdError, DatabaseProblem, OSError) as error:
        log.warning("%s: %s", getattr(work, "__name__", work), error)
    except Exception:
        log.exception("%s failed", getattr(work, "__name__", work))


async def guarded(work: Awaitable[None]) -> None:
    """What the next sweep makes up for."""
    try:
        await work
    except (LightdError, DatabaseProblem) as error:
        log.warning("left to the next sweep: %s", error)
    except Exception:
        log.exception("left to the next sweep")
