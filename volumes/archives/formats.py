"""The kinds of archives: how each is called, compressed, and known by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import sys
import zlib
from enum import StrEnum
from typing import IO, Any, Protocol

from volumes.tree import OpenFile

# The newest of Python's own, also where Python is older: they know zstd, and zips whose members overlap.
if sys.version_info >= (3, 14):
    import tarfile
    import zipfile

    from compression import zstd
else:
    from backports import zstd
    from backports.zstd import tarfile, zipfile

__all__ = ["Compressor", "Format", "compressor", "decompressed", "recognise", "tarfile", "zipfile", "zstd"]

_GZIP = 16 + zlib.MAX_WBITS  # zlib's way of saying: with gzip's header


class Format(StrEnum):
    """By the end of their names."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"
    TAR_BZ2 = "tar.bz2"
    TAR_ZST = "tar.zst"

    @property
    def mime(self) -> str:
        return _MIMES[self]

    def name_of(self, name: str) -> str:
        """The name with the format's end, unless it has it."""
        end = f".{self}"
        return name if name.lower().endswith(end) else name + end


_MIMES = {
    Format.ZIP: "application/zip",
    Format.TAR: "application/x-tar",
    Format.TAR_GZ: "application/gzip",
    Format.TAR_BZ2: "application/x-bzip2",
    Format.TAR_ZST: "application/zstd",
}
_BEGINNINGS = {
    b"PK\x03\x04": Format.ZIP,
    b"PK\x05\x06": Format.ZIP,  # without any member
    b"\x1f\x8b": Format.TAR_GZ,
    b"BZh": Format.TAR_BZ2,
    b"\x28\xb5\x2f\xfd": Format.TAR_ZST,
}


def recognise(file: OpenFile) -> Format:
    """By its first bytes, whatever its name; what has none of the known ones is taken for a tar."""
    start = file.read(0, 4)
    return next((kind for beginning, kind in _BEGINNINGS.items() if start.startswith(beginning)), Format.TAR)


class Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Nothing:
    """Leaves everything as it is."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def compressor(kind: Format) -> Compressor:
    """What the bytes of a tar go through."""
    match kind:
        case Format.TAR_GZ:
            return zlib.compressobj(wbits=_GZIP)
        case Format.TAR_BZ2:
            return bz2.BZ2Compressor()
        case Format.TAR_ZST:
            return zstd.ZstdCompressor()
    return _Nothing()


def decompressed(kind: Format, file: IO[bytes]) -> IO[bytes]:
    """The bytes of a tar, as they are read."""
    opened: Any = file
    match kind:
        case Format.TAR_GZ:
            opened = gzip.GzipFile(fileobj=file)
        case Format.TAR_BZ2:
            opened = bz2.BZ2File(file)
        case Format.TAR_ZST:
            opened = zstd.ZstdFile(file)
    return opened  # type: ignore[no-any-return]
