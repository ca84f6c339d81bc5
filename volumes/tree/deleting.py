"""Deleting, however deep a tree is nested and whatever its container does meanwhile."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from volumes.tree import kernel
from volumes.tree.draft import draft_name
from volumes.tree.refusals import again
from volumes.tree.room import Room

# Folders open at once. What is nested deeper is brought up before it is emptied.
_DEEPEST = 32
# How often an entry is tried that somebody keeps writing to, or swaps for something else.
_ROUNDS = 10
_CHANGED = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENOTEMPTY)


def delete(folder: int, name: str, room: Room) -> None:
    """Remove the entry: of a link the link itself, of a folder all that is in it."""
    os.stat(name, dir_fd=folder, follow_symlinks=False)  # for who names what is not there
    waiting = [name]
    while waiting:
        _remove(folder, waiting.pop(), room, folder, waiting, 0)


def _remove(folder: int, name: str, room: Room, top: int, waiting: list[str], depth: int) -> None:
    for _ in range(_ROUNDS):
        try:
            with room.losing(folder, name):
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            if depth == _DEEPEST:
                _bring_up(folder, name, top, waiting)
            elif not _is_removed(folder, name, room, top, waiting, depth):
                continue
        return
    raise again(errno.ENOTEMPTY)


def _is_removed(folder: int, name: str, room: Room, top: int, waiting: list[str], depth: int) -> bool:
    """Empty and remove the folder; not if it is something else by now, or somebody put something in."""
    try:
        inside = kernel.open_beneath(folder, (name,), kernel.FOLDER)
        try:
            for each in os.listdir(inside):
                _remove(inside, each, room, top, waiting, depth + 1)
        finally:
            os.close(inside)
        os.rmdir(name, dir_fd=folder)
    except OSError as error:
        if error.errno in _CHANGED:
            return False
        raise
    return True


def _bring_up(folder: int, name: str, top: int, waiting: list[str]) -> None:
    nearer = draft_name()
    with suppress(FileNotFoundError):
        os.rename(name, nearer, src_dir_fd=folder, dst_dir_fd=top)
        waiting.append(nearer)
