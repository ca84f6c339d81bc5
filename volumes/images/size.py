"""How much a volume may hold, and how much it does: all asked of the file system that is mounted.

A file system of `capacity` is for a volume of any size below that. The ballast has the rest: blocks that are given to
it and never written, so that on the host's disk they take nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rules.errors import Conflict
from rules.units import MIB
from volumes.images.image import Image

_BLOCK = 4096  # bytes
# ext4 keeps a fiftieth of its blocks, and at most so many, for the day when it is full...
_KEPT_PART, _KEPT_AT_MOST = 50, 4096
# ...and needs some for its own lists, of what is in the ballast for one.
_LISTS = MIB
# What an empty volume takes: two folders and lost+found.
_EMPTY = 24 << 10

_SMALLEST = 16 << 10  # MB
_TIMES = 4
_MORE_AT_MOST = 256 << 10  # MB; reserving it takes a millisecond for each gibibyte


@dataclass(frozen=True)
class Usage:
    """Bytes."""

    used: int
    available: int


def capacity_for(megabytes: int) -> int:
    """Bytes of the image of a new volume: it can be made several times as large before its image has to be."""
    return max(_SMALLEST, min(megabytes * _TIMES, megabytes + _MORE_AT_MOST)) * MIB


def has_room_for(image: Image, megabytes: int) -> bool:
    """Whether a volume of this size fits into the mounted image."""
    return _ballast(image, megabytes) >= 0


def hold(image: Image, megabytes: int) -> None:
    """Let the mounted image have room for so many megabytes from now on. Cut off anywhere, it is only to be done again.

    Raises:
        Conflict: there is more in it; then its size is as before.
    """
    wanted = max(_ballast(image, megabytes), 0)
    descriptor = os.open(image.ballast, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        if wanted < before:
            os.ftruncate(descriptor, wanted)
        elif wanted > before:
            _lengthen(descriptor, before, wanted)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def used(image: Image) -> int:
    """Bytes of the mounted image that the volume's files take. Two calls of the kernel, however many there are."""
    return _used(image, os.statvfs(image.place))


def usage(image: Image, megabytes: int) -> Usage:
    """How full the mounted image is, as a volume of so many megabytes."""
    status, size = os.statvfs(image.place), megabytes * MIB
    found = _used(image, status)
    # What a volume may hold beyond its size, in the rounding of ext4's own needs, is not promised to anybody.
    return Usage(min(found, size), min(status.f_bavail * status.f_frsize, max(size - found, 0)))


def _used(image: Image, status: os.statvfs_result) -> int:
    ballast = os.stat(image.ballast).st_blocks * 512
    return max((status.f_blocks - status.f_bfree) * status.f_frsize - ballast - _EMPTY, 0)


def _ballast(image: Image, megabytes: int) -> int:
    """Bytes of the ballast; below zero, the image is too small."""
    status = os.statvfs(image.place)
    kept = min(image.file.stat().st_size // _BLOCK // _KEPT_PART, _KEPT_AT_MOST) * _BLOCK
    return status.f_blocks * status.f_frsize - kept - _LISTS - megabytes * MIB


def _lengthen(descriptor: int, before: int, wanted: int) -> None:
    try:
        os.posix_fallocate(descriptor, before, wanted - before)
    except OSError as error:
        os.ftruncate(descriptor, before)
        raise Conflict("There is more in the volume than would fit") from error
