"""The console of a container on disk: every byte it printed, bounded, each with a number that only rises.

The supervisor appends; web processes read. The number of a byte (`seq` on the socket) is its offset from the first one
that was ever printed, so it goes on across restarts of the container, of its recreation, and of ours.

A console is a folder of segments, each named after the offset of its first byte. Beside each lies an index of
`unix milliseconds, offset` pairs, so that a reader can ask from a moment on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

INSTALL_LOG = "install.log"  # beside the console: what the last installation printed, for itself
SEGMENT = 1 << 20  # bytes after which a new segment is begun; LIGHTD_CONSOLE_KEEP_MB of them are kept
INDEX_EVERY = 1.0  # seconds between two entries of the index
BLOCK = 64 << 10  # bytes read at once, backwards


class Stretch(NamedTuple):
    """Bytes of a console: `data` begins at `start` and ends before `end`."""

    data: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Segment:
    """One file of a console: from which offset to which, when it was looked at."""

    path: Path
    start: int
    end: int


def folder(directory: Path) -> Path:
    """Where the console of the container with this directory lies."""
    return directory / "console"


def segments(console: Path) -> list[Segment]:
    """The segments, oldest first. None yet: an empty list."""
    found = []
    for path in console.glob("*.log"):
        with suppress(FileNotFoundError):  # rotated away since the folder was listed
            found.append(Segment(path, int(path.stem), int(path.stem) + path.stat().st_size))
    return sorted(found, key=lambda segment: segment.start)


class Spool:
    """The writing side. One for each console, in the one supervisor."""

    def __init__(self, directory: Path) -> None:
        self._console = folder(directory)
        self._console.mkdir(mode=0o700, parents=True, exist_ok=True)
        present = segments(self._console)
        self.end = present[-1].end if present else 0
        self.written_at = present[-1].path.stat().st_mtime if present else 0.0
        self._start = present[-1].start if present else 0
        self._indexed_at = 0.0
        self._file = self._open(self._start)

    def _open(self, start: int) -> int:
        path = self._console / f"{start:020d}.log"
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(self, data: bytes) -> int:
        """Write `data`; returns the offset after it. What a reader can see is whole up to there."""
        now = time.time()
        if self.end - self._start >= SEGMENT:
            self._rotate()
        if now - self._indexed_at >= INDEX_EVERY:
            self._index(now)
        view = memoryview(data)
        while view:
            written = os.write(self._file, view)
            self.end += written  # at once: on a full disk the next one fails, and what was written is there
            view = view[written:]
        self.written_at = now
        return self.end

    def _index(self, now: float) -> None:
        self._indexed_at = now
        with open(self._console / f"{self._start:020d}.idx", "a", encoding="ascii") as index:
            index.write(f"{int(now * 1000)} {self.end}\n")

    def _rotate(self) -> None:
        opened = self._open(self.end)  # before the other is closed: if it fails, what we write into is still ours
        os.close(self._file)
        self._file, self._start, self._indexed_at = opened, self.end, 0.0
        forget(segments(self._console)[: -max(settings.CONSOLE_KEEP_MB, 1)])

    def prune(self, before: float) -> None:
        """Forget what was last added to before that time (Unix seconds). The count of bytes goes on."""
        if self.end > self._start and self.written_at < before:
            self._rotate()
            # When the last byte came is what a new supervisor goes by.
            os.utime(self._file, (self.written_at, self.written_at))
        forget([old for old in segments(self._console)[:-1] if old.path.stat().st_mtime < before])

    def tail(self, size: int) -> bytes:
        """The last `size` bytes, or what there is."""
        return read(self._console, max(self.end - size, 0), size).data

    def close(self) -> None:
        os.close(self._file)


def forget(gone: list[Segment]) -> None:
    """Remove segments with their indexes."""
    for segment in gone:
        segment.path.unlink(missing_ok=True)
        segment.path.with_suffix(".idx").unlink(missing_ok=True)


def has_older(console: Path, before: float) -> bool:
    """Whether anything in it was last added to before that time (Unix seconds): `prune` would forget it."""
    return any(each.end > each.start and each.path.stat().st_mtime < before for each in segments(console))


def end(console: Path) -> int:
    """The offset after the last byte."""
    present = segments(console)
    return present[-1].end if present else 0


def read(console: Path, start: int, limit: int) -> Stretch:
    """At most `limit` bytes from `start` on; from the oldest kept byte if `start` is gone already."""
    data = bytearray()
    begin = start
    for segment in segments(console):
        if segment.end <= start:
            continue
        if data and (segment.start != begin + len(data) or len(data) >= limit):
            break
        with suppress(FileNotFoundError), segment.path.open("rb") as file:  # rotated away since the folder was listed
            if not data:
                begin = max(start, segment.start)
            file.seek(begin + len(data) - segment.start)
            data += file.read(limit - len(data))
    return Stretch(bytes(data), begin, begin + len(data))


def read_lines(console: Path, count: int, limit: int) -> Stretch:
    """The last `count` lines, at most `limit` bytes of them."""
    present = segments(console)
    if not present or count < 1:
        last = end(console)
        return Stretch(b"", last, last)
    stop = present[-1].end
    start = stop
    data = b""
    while start > present[0].start and stop - start < limit and data.count(b"\n") <= count:
        size = min(BLOCK, start - present[0].start, limit - (stop - start))
        before = read(console, start - size, size)
        if (before.start, before.end) != (start - size, start):
            break  # rotated away meanwhile
        start -= size
        data = before.data + data
    kept = last_lines(data, count)
    return Stretch(kept, stop - len(kept), stop)


def lines_backwards(console: Path, start: int = 0) -> Iterator[bytes]:
    """Each line from byte `start` on, the newest first, without its line feed; what a rotation cut is whole again."""
    rest = b""
    for segment in reversed(segments(console)):
        try:
            data = segment.path.read_bytes()[max(start - segment.start, 0) :] + rest
        except FileNotFoundError:
            break  # rotated away since the folder was listed
        if segment.start <= start:
            yield from reversed(data.split(b"\n"))
            return
        rest, line_feed, whole = data.partition(b"\n")
        if line_feed:
            yield from reversed(whole.split(b"\n"))
    yield rest


def last_lines(data: bytes, count: int) -> bytes:
    """The last `count` lines. Only a line feed ends one: a lone carriage return goes back to its start."""
    at = len(data) - 1 if data.endswith(b"\n") else len(data)
    for _ in range(count):
        at = data.rfind(b"\n", 0, max(at, 0))
        if at < 0:
            return data
    return data[at + 1 :] if count else b""


def offset_at(console: Path, moment: float) -> int:
    """The offset from which on everything is that was printed since `moment` (Unix seconds).

    What was printed up to `INDEX_EVERY` seconds earlier may be there as well: the index knows it no better.
    """
    wanted = int((moment - INDEX_EVERY) * 1000)
    return next((offset for stamp, offset in index_entries(console) if stamp >= wanted), end(console))


def index_entries(console: Path) -> Iterator[tuple[int, int]]:
    """All entries of the index, oldest first."""
    for segment in segments(console):
        try:
            lines = segment.path.with_suffix(".idx").read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            stamp, _, offset = line.partition(" ")
            if offset:
                yield int(stamp), int(offset)
