"""The workers, and how they are told of what there is to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import Error as DatabaseProblem
from django.db.models import QuerySet
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from rules.outages import REDIS_AWAY
from work.models import Work

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Work)

# What takes long has workers of its own: twenty pulls at once never delay a power action.
POWER = "power"
INSTALLS = "installs"
CLUSTERS = (POWER, INSTALLS)

# What a broker raises that does not answer: the database, or Redis.
BROKER_AWAY: tuple[type[Exception], ...] = (DatabaseProblem, *REDIS_AWAY)

# How long something may lie queued with an empty broker before the word of it counts as lost.
LOST_AFTER = timedelta(seconds=2)
# The same with a broker that is not empty: it may only be waiting its turn, and a second word does no harm.
TOLD_AGAIN_AFTER = timedelta(seconds=60)


def tell(function: str, *args: str, cluster: str, **options: Any) -> None:
    """Have a worker of `cluster` call `function`, unless the broker is away: what the caller has committed is not
    undone by that, and is done as soon as somebody tells the workers again. The options are django-q2's."""
    try:
        async_task(function, *args, cluster=cluster, **options)
    except BROKER_AWAY as error:
        log.warning("the workers could not be told of %s %s: %s", function, " ".join(args), error)


def lost(waiting: QuerySet[W], cluster_of: Callable[[W], str]) -> list[W]:
    """Those of the rows, which wait for a worker, that the broker does not seem to hold: for the caller to tell of
    again, and noted as told of."""
    now = timezone.now()
    quiet = list(waiting.filter(queued_at__lt=now - LOST_AFTER))
    try:
        empty = {name: get_broker(name).queue_size() == 0 for name in CLUSTERS} if quiet else {}
    except BROKER_AWAY as error:
        log.warning("what is queued waits for the broker: %s", error)
        return []
    found = [row for row in quiet if empty[cluster_of(row)] or row.queued_at < now - TOLD_AGAIN_AFTER]
    waiting.filter(pk__in=[row.pk for row in found]).update(queued_at=now)
    return found
