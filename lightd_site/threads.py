"""Django's views run in threads. By itself it makes one for each request, which opens a connection to the database of
its own. Here threads are kept, with what they have open.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

from lightd_site.wall.asgi import App, Receive, Scope, Send

KEPT = 8  # threads, each with its connection, that may wait for a request


class KeptThreads:
    """Gives each request a thread that is free, with what it has open; a new one if there is none."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._free: deque[ThreadPoolExecutor] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The one that was free last: what is seldom needed stays unused, and its memory untouched.
        thread = self._free.pop() if self._free else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self._app(scope, receive, send)
        finally:
            # By the thread itself, once it is free: of a client who hung up, the view still runs. The server's end
            # waits for it, since the view may need its loop.
            await asyncio.shield(asyncio.wrap_future(thread.submit(self._give_back, thread)))

    def _give_back(self, thread: ThreadPoolExecutor) -> None:
        if len(self._free) < KEPT:
            self._free.append(thread)
        else:
            connections.close_all()
            thread.shutdown(wait=False)
