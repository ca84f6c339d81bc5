"""The last figures of each container and of the host, from the supervisor to the web: in the cache, not the database.

Without Redis the cache is the memory of one process, in which web and supervisor are both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from rules.outages import REDIS_AWAY

HOST = "host"
MISSED = 3  # readings; after that the last one is no longer current


def remember(figures: Mapping[UUID | str, dict[str, Any]]) -> None:
    """Keep the figures of several containers, by their id, the host's as `HOST`. While Redis is away, nowhere."""
    with suppress(*REDIS_AWAY):
        cache.set_many({key(one): each for one, each in figures.items()}, timeout=settings.STATS_PACE * MISSED)


def forget(container_id: UUID) -> None:
    """The container runs no more."""
    with suppress(*REDIS_AWAY):
        cache.delete(key(container_id))


def of(one: UUID | str) -> dict[str, Any] | None:
    """The last figures; None if there are none of late."""
    with suppress(*REDIS_AWAY):
        found: dict[str, Any] | None = cache.get(key(one))
        return found
    return None


def of_many(container_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The last figures of those that have any, in one call."""
    keys = {key(one): one for one in container_ids}
    with suppress(*REDIS_AWAY):
        return {keys[name]: figures for name, figures in cache.get_many(keys).items()}
    return {}


def key(one: UUID | str) -> str:
    return f"stats:{one}"
