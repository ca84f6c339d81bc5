"""Leaving alone for a while what has just failed: each time for twice as long."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from containers.engine.errors import EngineUnavailable
from rules.errors import LightdError

log = logging.getLogger(__name__)

# Seconds.
FIRST = 10.0
AT_MOST = 600.0


class Backoff:
    """Of several things that are done one after another in rounds: one that fails again and again takes the others
    less and less of their time."""

    def __init__(self) -> None:
        self._waits: dict[Hashable, tuple[float, float]] = {}  # until when, and how long that is

    def waits(self, key: Hashable) -> bool:
        """Whether it failed so lately that it is left alone."""
        return self._waits.get(key, (0.0, 0.0))[0] > time.monotonic()

    @contextmanager
    def guarded(self, key: Hashable, sentence: str) -> Iterator[None]:
        """What fails in the block is logged as `sentence`, and waits.

        Raises:
            EngineUnavailable: the next one would only fail as well, and after as long a wait.
        """
        try:
            yield
        except LightdError as error:
            pause = min(self._waits.get(key, (0.0, FIRST / 2))[1] * 2, AT_MOST)
            now = time.monotonic()
            # Without those that are not even tried any more: somebody else has seen to them.
            self._waits = {other: wait for other, wait in self._waits.items() if now < wait[0] + AT_MOST}
            self._waits[key] = now + pause, pause
            log.warning("%s, tried again in %.0f s: %s", sentence, pause, error.sentence)
            if isinstance(error, EngineUnavailable):
                raise
        else:
            self._waits.pop(key, None)
