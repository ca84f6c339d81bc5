"""A backup as the body of an answer, whole or a range of it, piece by piece from wherever it lies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from volumes.backups.models import Backup
from volumes.backups.stores import store_of
from volumes.downloads import Span

# Their own: who waits for a slow store keeps nothing else waiting.
_threads = ThreadPoolExecutor(8, thread_name_prefix="backups")


class Stored:
    """What Django sends on. No more is read than the client takes."""

    def __init__(self, backup: Backup, span: Span) -> None:
        """Raises what the store does: before anything is sent, it can still be said."""
        self._source = store_of(backup).read(backup.file, span.start, span.end)
        self._pieces: Iterator[bytes] = iter(())
        if span.length:
            self._pieces = chain([next(self._source, b"")], self._source)
        # It may be closed while a thread still waits for the next piece, for a client that is gone.
        self._turn = threading.Lock()
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await asyncio.get_running_loop().run_in_executor(_threads, self._next):
            yield piece

    def _next(self) -> bytes:
        with self._turn:
            return b"" if self._closed else next(self._pieces, b"")

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._source.close()
