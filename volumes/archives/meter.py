"""Counts what an archive brings: what is too much is refused, and the work ends when nobody wants it any more."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from rules.errors import TooLarge

# Bytes that any archive may have unpacked, however small it is itself: of little data, much can be alike.
FREE = 1 << 30


class Stopped(Exception):
    """Nobody wants the archive any more."""


@dataclass(frozen=True)
class Limits:
    """What is refused beyond: entries, and bytes when unpacked."""

    entries: int
    size: int

    @classmethod
    def of(cls, packed: int) -> Limits:
        """Those of an archive of so many bytes."""
        in_proportion = max(FREE, packed * settings.ARCHIVE_MAX_RATIO)
        return cls(settings.ARCHIVE_MAX_ENTRIES, min(settings.ARCHIVE_MAX_MB << 20, in_proportion))


# Of an archive that we make of a volume, and make a volume of: what fits there is not for us to judge.
UNLIMITED = Limits(entries=1 << 62, size=1 << 62)


class Meter:
    """Read by another thread while it counts."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries = 0
        self.done = 0  # bytes of what it is made from: of the files packed, or of the archive unpacked
        self.stopped = False
        self._announced = 0
        self._expanded = 0

    def count_entry(self, size: int = 0) -> None:
        """Another entry.

        Args:
            size: bytes that it says it has unpacked.
        """
        self.check()
        self.entries += 1
        self._announced += size
        if self.entries > self.limits.entries:
            raise TooLarge(f"The archive has more than {self.limits.entries} entries")
        self._refuse(self._announced)

    def count_expanded(self, size: int) -> None:
        """Bytes that came out of the archive."""
        self.check()
        self._expanded += size
        self._refuse(self._expanded)

    def check(self) -> None:
        if self.stopped:
            raise Stopped

    def _refuse(self, size: int) -> None:
        if size > self.limits.size:
            raise TooLarge(f"The archive has more than the {self.limits.size} bytes that it may have unpacked")
