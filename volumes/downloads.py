"""A file as the body of an answer, whole or a range of it, or a folder as an archive: made piece by piece."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

from rules.errors import LightdError, TooMany
from volumes.archives import Format, Limits, Meter, pack
from volumes.tree import PIECE, OpenFile, Place, Tree

# Archives that this process makes at once while they are sent: each takes what is left of a core.
ARCHIVES_AT_ONCE = 4
_TRY_AGAIN_IN = 5.0  # seconds

_archives = threading.BoundedSemaphore(ARCHIVES_AT_ONCE)
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


class NotInFile(LightdError):
    """A range that begins behind the end."""

    status = 416


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end`, the latter not included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def asked(header: str, size: int) -> Span | None:
    """What a `Range` header asks for of a file; None for all of it, and for several ranges at once or nonsense."""
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise NotInFile(f"The file has {size} bytes")
    return Span(start, end)


class Pieces:
    """What Django sends on. It closes the file, whether or not anyone has read it."""

    def __init__(self, file: OpenFile, span: Span) -> None:
        self._file = file
        self._span = span

    async def __aiter__(self) -> AsyncIterator[bytes]:
        offset = self._span.start
        while offset < self._span.end:
            # In a thread: a disk can take its time, and the loop has others to serve.
            piece = await asyncio.to_thread(self._file.read, offset, min(PIECE, self._span.end - offset))
            if not piece:
                return  # it was cut meanwhile, and the client sees that too little came
            yield piece
            offset += len(piece)

    def close(self) -> None:
        self._file.close()


class Archive:
    """The same of a file or a folder as an archive, of which no more is made than the client takes."""

    def __init__(self, tree: Tree, place: Place, kind: Format) -> None:
        """
        Args:
            tree: closed when this is.
        """
        if not _archives.acquire(blocking=False):
            raise TooMany("Too many folders are being downloaded; try again soon", _TRY_AGAIN_IN)
        self._tree = tree
        self._pieces = pack(tree, [place], kind, Meter(Limits.of(0)))
        # It may be closed while a thread still makes the next piece, for a client that is gone.
        self._turn = threading.Lock()
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(self._next):
            yield piece

    def _next(self) -> bytes:
        with self._turn:
            return b"" if self._closed else next(self._pieces, b"")

    def close(self) -> None:
        """Once or again."""
        with self._turn:
            if not self._closed:
                self._closed = True
                self._pieces.close()
                self._tree.close()
                _archives.release()
