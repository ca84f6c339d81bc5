"""How soon a part that ended is begun again: at once, unless it cannot even begin."""

from __future__ import annotations

import time

LIVED = 5.0  # seconds after which the end of a part is an accident, and no part that cannot begin
PAUSE_AT_MOST = 5.0  # seconds before a part that keeps dying is begun again: it comes back soon after its cause went


class Pause:
    """Between the lives of one part. `began` and `ended` tell it of each; seconds, by the monotonic clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began_at = 0.0
        self._over_at = 0.0

    def began(self) -> None:
        self._began_at = time.monotonic()

    def ended(self) -> None:
        now = time.monotonic()
        lived = now - self._began_at
        self.seconds = 0.0 if lived > LIVED else min(max(self.seconds * 2, 1.0), PAUSE_AT_MOST)
        self._over_at = now + self.seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._over_at
