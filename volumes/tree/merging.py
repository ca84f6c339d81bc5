"""Putting what a folder holds into another one, folder by folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from rules.errors import Conflict
from volumes.tree import kernel
from volumes.tree.draft import flush_folder
from volumes.tree.names import Place, path_of
from volumes.tree.refusals import about
from volumes.tree.room import Room


def refuse_clashes(root: int, source: Place, *, replace: bool) -> None:
    """Raise Conflict, before anything is moved, if `merge` could not do all of it."""
    for inside, here, there in _shared_folders(root, source):
        for name in os.listdir(here):
            with about((*inside, name)):
                _refuse_clash((*inside, name), _mode(here, name), _mode(there, name), replace)


def merge(root: int, source: Place, room: Room, *, replace: bool) -> None:
    """Move all that is in the folder to the same places below the root; a folder that is there already is filled.

    What is moved is gone from `source`, so a merge that was cut off is gone on with by another one.

    Args:
        replace: whether files and links that are there already go.
    """
    for inside, here, there in _shared_folders(root, source):
        for name in os.listdir(here):
            with about((*inside, name)):
                _move(here, there, (*inside, name), room, replace)
        flush_folder(there)


def _shared_folders(root: int, source: Place) -> Iterator[tuple[Place, int, int]]:
    """The folders of `source` that are also below the root, each by its place and descriptors of both."""
    waiting: list[Place] = [()]
    while waiting:
        inside = waiting.pop()
        with _opened(root, (*source, *inside)) as here, _opened(root, inside) as there:
            yield inside, here, there
            waiting += [(*inside, name) for name in os.listdir(here) if _are_folders(here, there, name)]


@contextmanager
def _opened(root: int, place: Place) -> Iterator[int]:
    with about(place):
        folder = kernel.open_beneath(root, place, kernel.FOLDER)
    try:
        yield folder
    finally:
        os.close(folder)


def _move(here: int, there: int, place: Place, room: Room, replace: bool) -> None:
    name = place[-1]
    try:
        kernel.rename_onto_nothing(name, here, name, there)
    except FileNotFoundError:
        if _mode(here, name) is not None:
            raise
        # Somebody else, who goes on with the same merge, was here.
    except FileExistsError:
        _refuse_clash(place, _mode(here, name), _mode(there, name), replace)
        if _are_folders(here, there, name):
            return  # its turn comes
        if replace:
            with room.losing(there, name):
                os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)
        else:
            kernel.rename_onto_nothing(name, here, name, there)  # what was there is gone again


def _refuse_clash(place: Place, ours: int | None, theirs: int | None, replace: bool) -> None:
    if ours is None or theirs is None:
        return
    folders = stat.S_ISDIR(ours), stat.S_ISDIR(theirs)
    if not all(folders) and (any(folders) or not replace):
        raise Conflict(f"File already exists at path: {path_of(place)}")


def _are_folders(here: int, there: int, name: str) -> bool:
    return all(stat.S_ISDIR(_mode(folder, name) or 0) for folder in (here, there))


def _mode(folder: int, name: str) -> int | None:
    """None: there is nothing of this name."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
