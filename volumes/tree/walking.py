"""Every entry below a folder, in the order that archives have them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from volumes.tree import kernel
from volumes.tree.entries import Entry, Kind, every
from volumes.tree.names import Place


def walk(root: int, start: Place, unopened: Callable[[Place, OSError], None]) -> Iterator[tuple[Place, Entry]]:
    """Every entry below `start`, each folder with all that is in it behind it: `tar` then knows when a folder is full.

    Args:
        unopened: called for a folder that could not be opened when its turn came; it is left out if that returns.
    """
    waiting: list[tuple[Place, Entry | None]] = [(start, None)]
    while waiting:
        place, folder = waiting.pop()
        try:
            descriptor = kernel.open_beneath(root, place, kernel.FOLDER)
        except OSError as error:
            unopened(place, error)
            continue
        try:
            if folder is not None:
                yield place, folder
            for each in every(descriptor):
                if each.kind == Kind.DIRECTORY:
                    waiting.append(((*place, each.name), each))
                else:
                    yield (*place, each.name), each
        finally:
            os.close(descriptor)
