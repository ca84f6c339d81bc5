"""Zips: read by the list at their end, and written as a stream. `zipfile` knows the headers."""

from __future__ import annotations

import calendar
import io
import os
import stat
import struct
import time
from collections.abc import Iterable, Iterator
from typing import IO, Any

from volumes.archives.formats import zipfile
from volumes.archives.members import LONGEST_TARGET, Member, Pieces, reading
from volumes.archives.meter import Meter
from volumes.tree import PIECE, Entry, Kind, OpenFile
from volumes.tree.names import shown

_UNIX = 3  # the system that a member was made on, and whose mode it has
_ENCRYPTED = 1
_FOLDER = 0x10  # of DOS
# The list of the members is read whole. So many bytes of it for each entry that there may be.
_LISTED = 128
# An extra field with the exact time: its id, its length, and the bit that says that the time of change is there.
_TIMESTAMP = 0x5455
_HAS_MODIFIED = 1
_PROBLEMS = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_TYPES = {Kind.FILE: stat.S_IFREG, Kind.DIRECTORY: stat.S_IFDIR, Kind.SYMLINK: stat.S_IFLNK}
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)


# --- Reading ------------------------------------------------------------------


class _Bounded(io.BufferedReader):
    """A file of which nobody reads more at once than the list of members may have."""

    def __init__(self, file: OpenFile, largest: int) -> None:
        super().__init__(io.FileIO(os.dup(file.descriptor)), PIECE)
        self._largest = largest

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= self._largest:
            raise ValueError("its list of members is too long")
        return super().read(size)


def members(file: OpenFile, meter: Meter) -> Iterator[Member]:
    with reading(), _Bounded(file, max(_LISTED * meter.limits.entries, PIECE)) as opened:
        archive = zipfile.ZipFile(opened)
        begins = set()
        for info in archive.infolist():
            # Other ways to overlap are seen by `zipfile`.
            problem = "it shares its bytes with another one" if info.header_offset in begins else ""
            begins.add(info.header_offset)
            yield _member(archive, info, opened, meter, problem)


def _member(archive: Any, info: Any, file: IO[bytes], meter: Meter, problem: str) -> Member:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = _kind(info, mode)
    if info.flag_bits & _ENCRYPTED:
        problem = "it is encrypted"
    elif kind == Kind.OTHER:
        problem = _PROBLEMS.get(stat.S_IFMT(mode), "an entry of an unknown kind")
    target = ""
    if kind == Kind.SYMLINK and not problem:
        with archive.open(info) as content:
            target = os.fsdecode(content.read(LONGEST_TARGET + 1))
    return Member(
        path=info.orig_filename,
        kind=kind,
        size=info.file_size,
        mode=stat.S_IMODE(mode) or None,
        modified_ns=_modified(info) * 10**9,
        target=target,
        pieces=lambda: _pieces(archive, info, file, meter),
        problem=problem,
    )


def _kind(info: Any, mode: int) -> Kind:
    if info.is_dir():
        return Kind.DIRECTORY
    if stat.S_ISLNK(mode):
        return Kind.SYMLINK
    return Kind.FILE if stat.S_IFMT(mode) in (0, stat.S_IFREG) else Kind.OTHER


def _pieces(archive: Any, info: Any, file: IO[bytes], meter: Meter) -> Pieces:
    offset = 0
    with reading(), archive.open(info) as content:
        while piece := content.read(PIECE):
            meter.count_expanded(len(piece))
            meter.done = file.tell()
            yield offset, piece
            offset += len(piece)


def _modified(info: Any) -> int:
    """Unix seconds: the exact ones if it has them, else those of DOS, which knows no time zone: we take UTC."""
    rest = info.extra
    while len(rest) >= 4:
        field, length = struct.unpack_from("<HH", rest)
        if field == _TIMESTAMP and length >= 5 and len(rest) >= 9 and rest[4] & _HAS_MODIFIED:
            return int(struct.unpack_from("<i", rest, 5)[0])
        rest = rest[4 + length :]
    return calendar.timegm(info.date_time)


# --- Writing ------------------------------------------------------------------


class _Sink(io.RawIOBase):
    """A file that cannot be sought in, as a stream cannot, and whose bytes are taken away."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


class ZipWriter:
    """Gives the archive's bytes as they come about. Of each entry its name and place are kept: they are listed last."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive: Any = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def add(self, path: str, entry: Entry, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """
        Args:
            path: as the disk has it; a zip's are Unicode, so it is spelled as callers spell it.
            pieces: of a file.
        """
        info = _info(shown(path), entry)
        if entry.kind == Kind.DIRECTORY:
            self._archive.mkdir(info)
        else:
            with self._archive.open(info, "w") as member:
                for piece in pieces if entry.kind == Kind.FILE else [os.fsencode(entry.target or "")]:
                    member.write(piece)
                    yield self._sink.take()
        yield self._sink.take()

    def end(self) -> Iterator[bytes]:
        self._archive.close()
        yield self._sink.take()


def _info(path: str, entry: Entry) -> Any:
    modified = entry.modified_at
    info: Any = zipfile.ZipInfo(path + "/" * (entry.kind == Kind.DIRECTORY))
    info.date_time = max(_EARLIEST, min(time.gmtime(modified)[:6], _LATEST))
    info.CRC = 0  # of a folder, `zipfile` sets none
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = (_TYPES[entry.kind] | entry.mode) << 16 | _FOLDER * (entry.kind == Kind.DIRECTORY)
    info.file_size = entry.size if entry.kind == Kind.FILE else 0
    if -(2**31) <= modified < 2**31:
        info.extra = struct.pack("<HHBi", _TIMESTAMP, 5, _HAS_MODIFIED, modified)
    return info
