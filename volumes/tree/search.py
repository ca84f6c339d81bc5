"""Finding files by a part of their name."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from volumes.tree import kernel
from volumes.tree.entries import Entry, Kind, every
from volumes.tree.names import Place, shown

# Entries that one search looks at, at most: about a second.
LOOKED_AT = 200_000


@dataclass
class Found:
    """What was found, by its place, and whether everything was looked at."""

    entries: list[tuple[Place, Entry]] = field(default_factory=list)
    complete: bool = True


def search(root: int, start: Place, text: str, limit: int) -> Found:
    """Names with `text` in them, in upper or lower case; what is near the top first."""
    wanted = text.casefold()
    everything = _walk(root, start)
    matching = (each for each in islice(everything, LOOKED_AT) if wanted in shown(each[1].name).casefold())
    entries = list(islice(matching, limit))
    return Found(entries, complete=next(everything, None) is None)


def _walk(root: int, start: Place) -> Iterator[tuple[Place, Entry]]:
    """Every entry below `start`, the upper ones first. What is no folder any more when its turn comes is left out."""
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        try:
            folder = kernel.open_beneath(root, place, kernel.FOLDER)
        except OSError:
            continue
        try:
            for each in every(folder):
                yield (*place, each.name), each
                if each.kind == Kind.DIRECTORY:
                    waiting.append((*place, each.name))
        finally:
            os.close(folder)
