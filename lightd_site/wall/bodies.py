"""How long the body of a request may be, and which are handed on as they come: the one place that says so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from django.conf import settings

from lightd_site.wall.asgi import Message
from volumes.files import LARGEST_TEXT

# Without any escape: what is something else to the site once it is decoded is nothing of ours here.
_UPLOAD = re.compile(r"/volumes/[0-9A-Za-z-]+/upload")
_TEXT = re.compile(r"/volumes/[0-9A-Za-z-]+/files")

# In JSON a character may take six bytes (`\u001b`), and beside it stand names and braces.
TEXT_BODY = 6 * LARGEST_TEXT + (16 << 10)

# Bytes of one upload that wait for the disk, at most: beyond, its sender waits.
HELD = 1 << 20


def body_limit(path: str) -> int:
    """Bytes that the body of a request to this path may have."""
    if is_streamed(path):
        return int(settings.MAX_UPLOAD)
    return max(TEXT_BODY, settings.MAX_BODY) if _TEXT.fullmatch(path) else int(settings.MAX_BODY)


def is_streamed(path: str) -> bool:
    """Whether the view is called when the head is there, and reads the body as it comes."""
    return _UPLOAD.fullmatch(path) is not None


class IncomingBody:
    """A body between the connection and the view, which never holds much more than HELD bytes of it."""

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._held = 0
        self._paused = False
        self.ended = False

    def put(self, data: bytes) -> None:
        self._messages.put_nowait({"type": "http.request", "body": data, "more_body": True})
        self._held += len(data)
        if self._held > HELD and not self._paused:
            self._paused = True
            self._pause()

    def end(self) -> None:
        """All of it is here."""
        self.ended = True
        self._messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    def cut(self) -> None:
        """The rest never comes."""
        self._messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        """ASGI's."""
        message = await self._messages.get()
        self._held -= len(message.get("body", b""))
        if self._paused and self._held <= HELD // 2:
            self._paused = False
            self._resume()
        return message
