"""Tars, compressed or not: read forward only, and written header by header. `tarfile` knows the headers."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

from volumes.archives.formats import Compressor, Format, compressor, decompressed, tarfile
from volumes.archives.members import Member, Pieces, reading
from volumes.archives.meter import Meter
from volumes.tree import PIECE, Entry, Kind, OpenFile
from volumes.tree.names import shown

# Bytes that the headers of one member may have together; a path has 4096.
LONGEST_HEADER = 1 << 20
# Possessive: a header may be a megabyte of digits, and comes again for each member.
_SECONDS = re.compile(r"(-?)(\d{1,11})(?:\.(\d{1,9}+)\d*+)?", re.ASCII)
_LATEST = 1 << 62  # nanoseconds, what a kernel's 64 bits hold
_PROBLEMS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


# --- Reading ------------------------------------------------------------------


class _Stream:
    """What `tarfile` reads the headers from, and we the rest: counted, and never more of a header than one may have."""

    def __init__(self, kind: Format, file: OpenFile, meter: Meter) -> None:
        self._file: IO[bytes] = io.BufferedReader(io.FileIO(os.dup(file.descriptor)), PIECE)
        self._opened = decompressed(kind, self._file)
        self._meter = meter
        self._at = 0
        self._header_left = LONGEST_HEADER

    def begin_header(self) -> None:
        self._header_left = LONGEST_HEADER

    def read(self, size: int) -> bytes:
        """`tarfile`'s: of a header."""
        self._header_left -= size
        if self._header_left < 0:
            raise ValueError("a header is too long")
        data = b""
        while len(data) < size and (more := self._take(size - len(data))):
            data += more
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> None:
        """Forward."""
        if position < self._at:
            raise ValueError("a header leads backwards")
        for _ in self.pieces(position - self._at):
            pass

    def pieces(self, length: int) -> Iterator[bytes]:
        """Exactly so many bytes."""
        while length > 0:
            piece = self._take(min(length, PIECE))
            if not piece:
                raise EOFError("it ends too early")
            length -= len(piece)
            yield piece

    def drain(self) -> None:
        """To the end, where the checksums are."""
        while self._take(PIECE):
            pass

    def _take(self, size: int) -> bytes:
        data = self._opened.read(size)
        self._at += len(data)
        self._meter.count_expanded(len(data))
        self._meter.done = self._file.tell()
        return data

    def close(self) -> None:
        self._opened.close()
        self._file.close()


def members(kind: Format, file: OpenFile, meter: Meter) -> Iterator[Member]:
    stream = _Stream(kind, file, meter)
    try:
        with reading():
            # A tar's own iterator takes a broken header for the end.
            tar: Any = tarfile.TarFile(fileobj=stream, mode="r", encoding="utf-8")  # type: ignore[arg-type]
            info = tar.firstmember
            while info is not None:
                yield _member(info, stream)
                stream.begin_header()
                stream.seek(tar.offset)
                info = _next(tar)
            stream.drain()
    finally:
        stream.close()


def _next(tar: Any) -> Any:
    try:
        return tarfile.TarInfo.fromtarfile(tar)
    except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
        return None  # the end, with the blocks that are to mark it or without


def _member(info: Any, stream: _Stream) -> Member:
    if info.size < 0:
        raise ValueError("a size is negative")
    kind, problem = Kind.OTHER, _PROBLEMS.get(info.type, "")
    if info.isreg():
        kind = Kind.FILE
    elif info.isdir():
        kind = Kind.DIRECTORY
    elif info.issym():
        kind = Kind.SYMLINK
    elif not problem:
        problem = "an entry of an unknown kind"
    return Member(
        path=shown(info.name),
        kind=kind,
        size=info.size if kind == Kind.FILE else 0,
        mode=info.mode,
        modified_ns=_nanoseconds(info),
        target=info.linkname if kind == Kind.SYMLINK else "",
        pieces=lambda: _pieces(info, stream),
        problem=problem,
        owner=(info.uid, info.gid),
    )


def _pieces(info: Any, stream: _Stream) -> Pieces:
    with reading():
        stream.seek(info.offset_data)
        for offset, length in _parts(info):
            for piece in stream.pieces(length):
                yield offset, piece
                offset += len(piece)


def _parts(info: Any) -> list[tuple[int, int]]:
    """Where there is data, and how much; of most files, all of it."""
    if not info.issparse():
        return [(0, info.size)]
    for offset, length in info.sparse:
        if offset < 0 or length < 0 or offset + length > info.size:
            raise ValueError("a part lies outside of its file")
    return list(info.sparse)


def _nanoseconds(info: Any) -> int:
    """As exactly as it is written: a float would lose the last digits."""
    found = _SECONDS.fullmatch(info.pax_headers.get("mtime", ""))
    if found is None:
        return max(-_LATEST, min(int(info.mtime) * 10**9, _LATEST))
    sign, seconds, fraction = found.groups(default="")
    exact = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    return max(-_LATEST, min(-exact if sign else exact, _LATEST))


# --- Writing ------------------------------------------------------------------


class TarWriter:
    """Gives the archive's bytes as they come about. Nothing is kept of what is written."""

    def __init__(self, kind: Format) -> None:
        self._compressor: Compressor = compressor(kind)

    def add(self, path: str, entry: Entry, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """
        Args:
            path: as the disk has it.
            pieces: of a file; what is missing of its size is filled up, since the header has said it.
        """
        yield self._compressor.compress(_header(path, entry))
        if entry.kind == Kind.FILE:
            left = entry.size
            for piece in pieces:
                left -= len(piece)
                yield self._compressor.compress(piece)
            yield from self._zeros(left + -entry.size % tarfile.BLOCKSIZE)

    def end(self) -> Iterator[bytes]:
        yield self._compressor.compress(bytes(2 * tarfile.BLOCKSIZE))
        yield self._compressor.flush()

    def _zeros(self, count: int) -> Iterator[bytes]:
        while count > 0:
            zeros = bytes(min(count, PIECE))
            count -= len(zeros)
            yield self._compressor.compress(zeros)


_TYPES = {Kind.FILE: tarfile.REGTYPE, Kind.DIRECTORY: tarfile.DIRTYPE, Kind.SYMLINK: tarfile.SYMTYPE}


def _header(path: str, entry: Entry) -> bytes:
    info = tarfile.TarInfo(path)
    info.type = _TYPES[entry.kind]
    info.mode = entry.mode
    info.size = entry.size if entry.kind == Kind.FILE else 0
    info.linkname = entry.target or ""
    info.uid, info.gid = entry.owner
    info.mtime, fraction = divmod(entry.modified_ns, 10**9)
    if fraction and entry.modified_ns > 0:
        info.pax_headers = {"mtime": f"{info.mtime}.{fraction:09}"}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
