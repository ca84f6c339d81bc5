"""The queue of nudges in Redis. A module of its own, since Redis's package is loaded only where there is one."""

from __future__ import annotations

import logging
from contextlib import suppress
from time import sleep
from typing import Any

import redis
from django_q.brokers import Broker
from django_q.conf import Conf
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

REDIS_RETRY = 0.5  # seconds


class RedisQueue(Broker):
    """A list in Redis. No worker ends because Redis is away, as they would with django-q2's own."""

    def __init__(self, list_key: str | None = None) -> None:
        name = list_key or Conf.CLUSTER_NAME
        super().__init__(list_key=f"django_q:{name}:q")
        self._is_away = False

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._is_away = False

    def enqueue(self, task: str) -> int:
        return int(self.connection.rpush(self.list_key, task))

    def dequeue(self) -> list[tuple[None, bytes]] | None:
        try:
            found = self.connection.blpop(self.list_key, 1)
        except RedisError as error:
            self._note(f"the broker is away: {error}", is_away=True)
            sleep(REDIS_RETRY)
            return None
        self._note("the broker is back", is_away=False)
        return [(None, found[1])] if found else None

    def _note(self, sentence: str, *, is_away: bool) -> None:
        """Log that trouble begins, and that it is over; not that it goes on."""
        if is_away != self._is_away:
            log.warning(sentence)
        self._is_away = is_away

    def queue_size(self) -> int:
        return int(self.connection.llen(self.list_key))

    def delete_queue(self) -> None:
        self.connection.delete(self.list_key)

    purge_queue = delete_queue

    def ping(self) -> bool:
        """Whether it answers or not: the workers start, and wait for it."""
        return True

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """For django-q2's own monitor, which nobody needs in order to work."""
        with suppress(RedisError):
            self.connection.set(key, value, timeout)

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        # Longer than the second that a look into an empty queue waits; short, since a request waits for its nudge.
        return redis.from_url(Conf.REDIS, socket_timeout=3, socket_connect_timeout=2)
