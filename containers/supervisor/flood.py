"""What is done with a container that prints as fast as it can: it is not slowed down, and not all of it is kept.

Reading its output to the end costs little. Keeping and sending it would fill the disk, push its own history out and
delay the other consoles, so beyond a rate whole pieces are left out, and a line in the console says how much.
"""

from __future__ import annotations

import time
from collections.abc import Callable

RATE = 512 << 10  # bytes a second that are kept; far above what anybody reads
BURST = 2 << 20  # bytes that may come at once: a server that prints its whole start-up
REOPENS_AT = RATE // 2  # so that what is kept of a flood are stretches, not single lines


class Flood:
    """One console's allowance (a token bucket), and what went beyond it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._allowance = float(BURST)
        self._at = clock()
        self._closed = False
        self._bytes = 0
        self._lines = 0

    def lets_through(self, data: bytes) -> bool:
        """Whether this piece is kept; if not, it is counted."""
        self._refill()
        if self._closed and self._allowance >= REOPENS_AT:
            self._closed = False
        if not self._closed and len(data) <= self._allowance:
            self._allowance -= len(data)
            return True
        self._closed = True
        self._bytes += len(data)
        self._lines += data.count(b"\n")
        return False

    @property
    def is_unsaid(self) -> bool:
        """Whether something was left out that no line in the console tells of yet."""
        return self._bytes > 0

    def is_over(self) -> bool:
        """Whether the console has calmed down."""
        self._refill()
        return self._allowance > BURST // 2

    def notice(self) -> bytes:
        """The line that says what was left out since the last one; empty if nothing was."""
        if not self._bytes:
            return b""
        text = f"\r\n[lightd] {self._lines} lines ({self._bytes} bytes) were left out: too fast to show\r\n"
        self._bytes = self._lines = 0
        return text.encode()

    def _refill(self) -> None:
        now = self._clock()
        self._allowance = min(self._allowance + (now - self._at) * RATE, BURST)
        self._at = now
