"""Django reads a whole body before it calls a view, in memory or a file. Here the view of an upload reads it itself."""

from __future__ import annotations

import asyncio
from typing import IO, Any

from django.core.handlers.asgi import ASGIHandler

from lightd_site.wall.asgi import Message, Receive, Scope, Send
from lightd_site.wall.bodies import is_streamed


class Stream:
    """A body as a file that can be read once, by the view's thread, while the loop takes it in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._rest = memoryview(b"")
        self._over = False

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end. Nobody may ask for all at once."""
        if not self._rest and not self._over:
            self._rest = memoryview(self._next())
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def _next(self) -> bytes:
        while True:
            message = asyncio.run_coroutine_threadsafe(self._take(), self._loop).result()
            if message["type"] != "http.request":
                raise ConnectionResetError("The client is gone")
            self._over = not message.get("more_body")
            body: bytes = message.get("body", b"")
            if body or self._over:
                return body

    async def _take(self) -> Message:
        return await self._receive()

    def close(self) -> None:
        """As a file's; what is not read is the connection's affair."""


class Handler(ASGIHandler):
    """Django's, whose uploads are streams."""

    async def handle(self, scope: Scope, receive: Any, send: Send) -> None:
        taken: Any = Stream(receive) if is_streamed(scope["path"]) else receive
        await super().handle(scope, taken, send)

    async def read_body(self, receive: Any) -> IO[bytes]:
        if isinstance(receive, Stream):
            return receive  # type: ignore[return-value]  # as much of a file as a request needs
        return await super().read_body(receive)

    async def listen_for_disconnect(self, receive: Any) -> None:
        if isinstance(receive, Stream):
            # The view is told when it reads on. Were it left here, its thread would be waited for, and it for the loop.
            await asyncio.Event().wait()
        await super().listen_for_disconnect(receive)
