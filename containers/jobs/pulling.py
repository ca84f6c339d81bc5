"""Pulling an image, and how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from containers import images
from containers.engine import client as engine
from containers.engine.errors import EngineRefused

EVERY = 1.0  # seconds between two times that it is told


class Progress:
    """Sums up Docker's progress messages, one for each layer many times a second, and tells of it once a second.

    What `tell` raises ends the pull.
    """

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        self._next = time.monotonic() + EVERY

    def __call__(self, message: dict[str, Any]) -> None:
        """Take one message of Docker's."""
        detail = message.get("progressDetail") or {}
        if message.get("status") == "Downloading" and detail.get("total"):
            self._layers[message["id"]] = (detail["current"], detail["total"])
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        self._tell(self)

    @property
    def total(self) -> int:
        """Bytes of the layers that are known of so far."""
        return sum(total for _, total in self._layers.values())

    @property
    def percent(self) -> int | None:
        """Of these bytes; None before any are known of."""
        done = sum(current for current, _ in self._layers.values())
        return done * 100 // self.total if self.total else None


def pull(image: str, called: str, tell: Callable[[Progress], None]) -> None:
    """Have Docker pull an image by its full name.

    Args:
        called: the beginning of the sentence that says why it could not be pulled.
        tell: how far it is, once a second; what it raises ends the pull.
    """
    try:
        engine.pull(images.full_name(image), Progress(tell))
    except EngineRefused as refused:
        raise EngineRefused(f"{called} could not be pulled: {refused.sentence}") from refused
