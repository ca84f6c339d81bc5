"""Making files, links and folders as they once were: with their modes and times."""

from __future__ import annotations

import os

from volumes.tree import kernel
from volumes.tree.draft import FILE_MODE, may_give_away, new_file
from volumes.tree.entries import Owner
from volumes.tree.names import Place
from volumes.tree.refusals import about
from volumes.tree.room import Room

# Never the bits that lend a program its owner's rights.
_MODE = 0o777


class NewFile:
    """A regular file in the making, where nothing was."""

    def __init__(self, folder: int, place: Place, room: Room) -> None:
        self._place = place
        self._room = room
        self._descriptor = new_file(folder, place[-1], os.O_WRONLY, os.fstat(folder))

    def write(self, data: bytes, offset: int) -> None:
        """Before the offset a hole may be left."""
        with about(self._place):
            self._room.write(self._descriptor, offset, data)

    def finish(self, size: int, mode: int | None, modified_ns: int, owner: Owner | None = None) -> None:
        """Give it its length, a hole at its end included, its owner, its mode and its time."""
        with about(self._place):
            os.ftruncate(self._descriptor, size)
            if owner is not None and may_give_away():
                os.fchown(self._descriptor, *owner)
            os.fchmod(self._descriptor, FILE_MODE if mode is None else mode & _MODE)
            os.utime(self._descriptor, ns=(modified_ns, modified_ns))

    def close(self) -> None:
        os.close(self._descriptor)


def make_link(folder: int, name: str, target: str, modified_ns: int | None, owner: Owner | None = None) -> None:
    """A link in the folder, with its time.

    Args:
        owner: None: whom the folder belongs to.
    """
    os.symlink(target, name, dir_fd=folder)
    if may_give_away():
        above = os.fstat(folder)
        user, group = (above.st_uid, above.st_gid) if owner is None else owner
        os.chown(name, user, group, dir_fd=folder, follow_symlinks=False)
    if modified_ns is not None:
        os.utime(name, ns=(modified_ns, modified_ns), dir_fd=folder, follow_symlinks=False)


def finish_folder(itself: int, mode: int | None, modified_ns: int, owner: Owner | None = None) -> None:
    """Give the folder, when all is in it, its owner, its mode and its time.

    Args:
        itself: an O_PATH descriptor of it.
    """
    path = kernel.path_of(itself)
    if owner is not None and may_give_away():
        os.chown(path, *owner)
    if mode is not None:
        os.chmod(path, mode & _MODE)
    os.utime(path, ns=(modified_ns, modified_ns))
