"""How much is in a volume, counted while somebody waits: only as far as that is quick."""

import time
from dataclasses import dataclass

from volumes.tree import Kind, Place, Tree

AT_MOST = 0.2  # seconds


@dataclass
class Contents:
    files: int = 0
    size: int = 0  # bytes of its files
    on_disk: int = 0  # bytes that all of it takes
    complete: bool = True  # else there is more

    def leave_out(self, place: Place) -> None:
        self.complete = False


def count(tree: Tree, at_most: float | None = None) -> Contents:
    """Everything in it that is no folder, the bytes of its files, and what it takes of the disk, folders included.

    Args:
        at_most: seconds.
    """
    until = time.monotonic() + (AT_MOST if at_most is None else at_most)
    found = Contents()
    for _, entry in tree.walk((), found.leave_out):
        if time.monotonic() > until:
            found.complete = False
            break
        found.files += entry.kind != Kind.DIRECTORY
        found.size += entry.size if entry.kind == Kind.FILE else 0
        found.on_disk += entry.on_disk
    return found
