"""How much more may be written, where the kernel does not know it."""

from __future__ import annotations

import errno
import os

from volumes.tree.refusals import again


class Room:
    """Taken from before each piece is written: what does not fit is refused as a full disk refuses it."""

    def __init__(self, size: int | None = None) -> None:
        """
        Args:
            size: bytes; None: as much as the disk has.
        """
        self.size = size
        self.taken = 0  # bytes

    def take(self, size: int) -> None:
        """For so many bytes more; EDQUOT if they do not fit."""
        if self.size is not None and self.taken + size > self.size:
            raise again(errno.EDQUOT)
        self.taken += size

    def take_at(self, descriptor: int, offset: int, length: int) -> None:
        """For what a file grows by when so many bytes are written at an offset; a hole before them takes nothing."""
        self.take(min(length, max(offset + length - os.fstat(descriptor).st_size, 0)))

    def give_back(self, size: int) -> None:
        """What was written takes the place of so many bytes."""
        self.taken -= size
