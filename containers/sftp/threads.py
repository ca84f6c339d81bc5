"""Threads for what would keep the event loop waiting: the disk, the database, hashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import close_old_connections

R = TypeVar("R")


class Threads:
    """So many, and what waits for one of them."""

    def __init__(self, number: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(number, f"sftp-{name}")

    async def run(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, _work, work)

    def close(self) -> None:
        """Wait for none of them: a disk may hang."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _work(work: Callable[[], R]) -> R:
    """What Django does around a request: a connection that the database gave up is not used again."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
