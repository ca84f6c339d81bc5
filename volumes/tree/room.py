"""How much more may be written, where the kernel does not know it: `volumes.usage` has the rule."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from volumes.tree.refusals import again

# Bytes that somebody may write, or remove, before the others who write into the volume hear of it.
STEP = 1 << 20

# Is told by how many bytes there is more in the volume, or less, and says how many are left; None: as many as the disk
# has.
Tell = Callable[[int], int | None]


def occupied(status: os.stat_result) -> int:
    """Bytes that it takes on the disk, as `du` has them: of a hole none."""
    taken = status.st_blocks * 512
    if stat.S_ISREG(status.st_mode):  # XFS sets aside much more for a file that grows
        return min(taken, -(-status.st_size // status.st_blksize) * status.st_blksize)
    return taken


def write_all_at(descriptor: int, offset: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written


class Room:
    """Asked before each write, so that what does not fit is refused as a full disk refuses it, and told of what became
    of it. Used by one thread at a time."""

    def __init__(self, tell: Tell | None = None) -> None:
        """
        Args:
            tell: None: the kernel knows it.
        """
        self._tell = tell
        self._asked = False
        self._left: int | None = None  # once asked, but for what is untold
        self._untold = 0

    def need(self, size: int) -> None:
        """EDQUOT if so many bytes more do not fit."""
        if self._tell is None or size <= 0:
            return
        if not self._asked or abs(self._untold) >= STEP or self._lacks(size):
            self._ask(self._tell)
        if self._lacks(size):
            raise again(errno.EDQUOT)

    def settle(self) -> None:
        """Tell of what has not been told yet."""
        if self._tell is not None and self._untold:
            self._ask(self._tell)

    @contextmanager
    def writing(self, descriptor: int, offset: int, length: int) -> Iterator[None]:
        """Around a write of so many bytes: none of them is, if they may not fit. What stays of it is counted, whatever
        happens."""
        if self._tell is None:
            yield
            return
        before = os.fstat(descriptor)
        end = max(offset + length, before.st_size)
        self.need(min(length, end - occupied(before)))
        try:
            yield
        finally:
            after = os.fstat(descriptor)
            # ZFS says seconds later what a file takes. Until then it looks like a hole, and counts by its length.
            late = min(length, after.st_size - before.st_size, after.st_size - occupied(after))
            self._untold += max(occupied(after) - occupied(before), late)

    def write(self, descriptor: int, offset: int, data: bytes) -> None:
        """All of it, at the offset."""
        with self.writing(descriptor, offset, len(data)):
            write_all_at(descriptor, offset, data)

    def resize(self, descriptor: int, size: int) -> None:
        """Cut the file off, or have it end with a hole."""
        before = occupied(os.fstat(descriptor))
        os.ftruncate(descriptor, size)
        self._untold += occupied(os.fstat(descriptor)) - before

    @contextmanager
    def losing(self, folder: int, name: str) -> Iterator[None]:
        """Around what may take the entry's name away."""
        itself = -1
        if self._tell is not None:
            with suppress(FileNotFoundError):
                itself = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
        try:
            yield
            if itself >= 0:
                self.give_back(itself)
        finally:
            if itself >= 0:
                os.close(itself)

    def give_back(self, descriptor: int) -> None:
        """What the file had, if it has lost its last name. Folders and links, which nobody took, are only counted."""
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
            self._untold -= occupied(status)

    def _ask(self, tell: Tell) -> None:
        self._left, self._untold, self._asked = tell(self._untold), 0, True

    def _lacks(self, size: int) -> bool:
        return self._left is not None and self._untold + size > self._left
