"""One lock for each volume, so that what changes where its files are has it to itself.

The kernel's own (flock): free as soon as the process that held it is gone, and the programs that it had run with it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from rules.errors import Conflict

# Seconds. Mounting takes a hundredth of one; who waits longer waits for a resize or a restore.
WAIT = 5.0
_RETRY = 0.02


class Busy(Conflict):
    """Somebody has the volume to themselves."""

    def __init__(self) -> None:
        super().__init__("The volume is being resized or restored; try again when that is done")


@contextmanager
def held(name: str, *, shared: bool = False, wait: float = WAIT) -> Iterator[int]:
    """Have the lock of this name for as long as the block runs.

    Args:
        shared: beside others who share it.

    Yields:
        Its descriptor. A program that is given it keeps the lock until it ends, also if we are killed.
    """
    descriptor = _take(_folder() / name, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, time.monotonic() + wait)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_free(name: str) -> bool:
    """Whether nobody has it."""
    try:
        with held(name, wait=0):
            return True
    except Busy:
        return False


def names() -> list[str]:
    """Of all locks that there ever were, until they are forgotten."""
    return [path.name for path in _folder().iterdir()] if _folder().is_dir() else []


def forget(name: str) -> None:
    """Remove the lock of what is gone, unless somebody has it."""
    try:
        with held(name, wait=0):
            (_folder() / name).unlink()
    except Busy:
        return


def _take(path: Path, kind: int, until: float) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _is_ours(descriptor, kind, path):
            return descriptor
        os.close(descriptor)
        if time.monotonic() >= until:
            raise Busy
        time.sleep(_RETRY)


def _is_ours(descriptor: int, kind: int, path: Path) -> bool:
    """Whether we have it, and it is still the one that others will find."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _folder() -> Path:
    return Path(settings.STORAGE_ROOT) / "locks"
