"""Counting over short windows: in Redis for all web processes together, or in the memory of the only one there is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)

REDIS_TIMEOUT = 0.5  # seconds: no count is worth a longer wait
REDIS_PAUSE = 5.0  # seconds that each process counts for itself after Redis did not answer


@dataclass(frozen=True)
class Count:
    """Something counted in windows of so many seconds, each beginning anew."""

    name: str
    seconds: int

    @property
    def window(self) -> int:
        return int(time.time()) // self.seconds

    @property
    def left(self) -> int:
        """Seconds until the next window begins, at least 1."""
        return self.seconds - int(time.time()) % self.seconds


class Memory:
    """Counts in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, tuple[int, dict[str, int]]] = {}  # of the present window of each length

    def read(self, counts: Sequence[Count]) -> list[int]:
        return self._each(counts, 0)

    def add(self, counts: Sequence[Count]) -> list[int]:
        return self._each(counts, 1)

    def _each(self, counts: Sequence[Count], more: int) -> list[int]:
        with self._lock:
            return [self._one(count, more) for count in counts]

    def _one(self, count: Count, more: int) -> int:
        window, known = self._counts.get(count.seconds, (-1, {}))
        if window != count.window:
            known = {}
            self._counts[count.seconds] = (count.window, known)
        value = known.get(count.name, 0) + more
        if more:
            known[count.name] = value
        return value


class Redis:
    """Counts in Redis, in one round trip; in this process while Redis is away: limits hold, if for each alone."""

    def __init__(self, url: str) -> None:
        from redis import Redis as Client  # 20 MB: only where there is one
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
        from redis.retry import Retry

        self._client: Any = Client.from_url(
            url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._away: tuple[type[Exception], ...] = (RedisError, OSError)
        self._instead = Memory()
        self._away_until = 0.0

    def read(self, counts: Sequence[Count]) -> list[int]:
        def ask(pipe: Any, count: Count) -> None:
            pipe.get(key(count))

        return self._ask(counts, ask, 1, self._instead.read)

    def add(self, counts: Sequence[Count]) -> list[int]:
        def ask(pipe: Any, count: Count) -> None:
            pipe.incr(key(count))
            pipe.expire(key(count), count.seconds)

        return self._ask(counts, ask, 2, self._instead.add)

    def _ask(self, counts: Sequence[Count], ask: Any, answers: int, instead: Any) -> list[int]:
        if time.monotonic() >= self._away_until:
            try:
                with self._client.pipeline(transaction=False) as pipe:
                    for count in counts:
                        ask(pipe, count)
                    return [int(value or 0) for value in pipe.execute()[::answers]]
            except self._away as error:
                log.warning("requests are counted in each process alone, Redis is away: %s", error)
                self._away_until = time.monotonic() + REDIS_PAUSE
        values: list[int] = instead(counts)
        return values


def key(count: Count) -> str:
    return f"lightd:count:{count.name}:{count.window}"


def counters() -> Memory | Redis:
    """Where this installation counts."""
    return Redis(settings.REDIS_URL) if settings.REDIS_URL else Memory()
