"""Paths as SFTP's clients write them.

A path means here what it means inside the container: the volume is /home/container, where everybody begins, and above
it there is nothing but the way there. Were the volume also `/`, a folder `home/container` within it would be the whole
volume to a client that deletes `home`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rules.errors import Forbidden, Invalid, NotFound
from volumes.tree import Place
from volumes.tree.names import path_of

HOME = (b"home", b"container")


@dataclass(frozen=True)
class Above:
    """A folder on the way to the volume, in which there is one other."""

    holds: bytes


def absolute(path: bytes) -> bytes:
    """The path from `/`, without `.` and `..`."""
    return b"/" + b"/".join(_names(path))


def find(path: bytes) -> Place | Above:
    """What a path leads to: a place in the volume, or a folder above."""
    names = _names(path)
    if names[: len(HOME)] == HOME:
        return tuple(os.fsdecode(name) for name in names[len(HOME) :])
    if names == HOME[: len(names)]:
        return Above(HOME[len(names)])
    raise NotFound(f"File not found: {os.fsdecode(path)}")


def in_volume(path: bytes) -> str:
    """The path from the volume's root, as every other door writes it, of what is to be read or changed."""
    found = find(path)
    if isinstance(found, Above):
        raise Forbidden("Only what is below /home/container can be changed")
    return path_of(found)


def _names(path: bytes) -> tuple[bytes, ...]:
    if b"\0" in path:
        raise Invalid("Invalid path: it has a NUL")
    names: list[bytes] = [] if path.startswith(b"/") else list(HOME)
    for name in path.split(b"/"):
        if name == b"..":
            del names[-1:]
        elif name not in (b"", b"."):
            names.append(name)
    return tuple(names)
