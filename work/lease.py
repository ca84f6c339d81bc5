"""A worker's lease on a row: taken by one, kept while it works, run out when it is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.db import Error as DatabaseProblem
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from work.models import Work

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Work)

# A worker renews its lease several times before it runs out, so one slow write does not lose the work.
LEASE = timedelta(seconds=6)
RENEWAL = 1.0  # seconds

# A worker that dies with what it does may have died of it.
MAX_ATTEMPTS = 3


def take(one: QuerySet[W], **columns: Any) -> W | None:
    """The row, now this worker's own and with these columns; None if it was not queued, or is gone."""
    taken = one.filter(status=Work.Status.QUEUED).update(
        status=Work.Status.RUNNING, attempts=F("attempts") + 1, lease_until=timezone.now() + LEASE, **columns
    )
    return one.first() if taken else None


def mine(work: W) -> QuerySet[W]:
    """The row, as long as this attempt owns it."""
    return type(work)._default_manager.filter(pk=work.pk, status=Work.Status.RUNNING, attempts=work.attempts)


def renew(work: Work, **columns: Any) -> bool:
    """Push the end of the lease ahead, and write these columns, if the row is still this attempt's."""
    return bool(mine(work).update(lease_until=timezone.now() + LEASE, **columns))


@contextmanager
def kept(work: W, renewal: Callable[[W], object] = renew) -> Iterator[None]:
    """Keep it this worker's own for as long as the block runs, by a `renewal` again and again."""
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(work, renewal, done), name=f"lease-{work.pk}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(work: W, renewal: Callable[[W], object], done: threading.Event) -> None:
    """Run in a thread with its own database connection."""
    try:
        while not done.wait(RENEWAL):
            try:
                renewal(work)
            except DatabaseProblem as error:
                log.warning("the lease of %s was not renewed: %s", work, error)
                connection.close()  # the next renewal opens another
    finally:
        connection.close()


def finish(work: Work, status: Work.Status, error: str = "", **columns: Any) -> None:
    """Write how it ended, and let go of the row."""
    mine(work).update(status=status, error=error, finished_at=timezone.now(), lease_until=None, **columns)


def take_away(work: Work, **columns: Any) -> bool:
    """Write these columns of what has lost its worker, unless that one has renewed its lease since we looked."""
    return bool(mine(work).filter(lease_until=work.lease_until).update(**columns))
