"""Copying within a volume, from descriptor to descriptor."""

from __future__ import annotations

import errno
import os
import stat

from rules.errors import Invalid
from volumes.tree import kernel, restoring
from volumes.tree.draft import FOLDER_MODE, new_file, own_as
from volumes.tree.refusals import again
from volumes.tree.room import Room

# Folders in each other that are copied. Deeper ones are made by programs that went wrong.
_DEEPEST = 100
_PIECE = 8 << 20  # bytes

# Device and inode.
Identity = tuple[int, int]


def copy(source: int, name: str, target: int, new_name: str, room: Room) -> None:
    """Copy the entry with its modes and times; links stay links, and what is no file, folder or link is left out."""
    status = os.stat(name, dir_fd=source, follow_symlinks=False)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        raise Invalid("Only files, folders and links can be copied")
    _copy(source, name, target, new_name, room, None, 0)


def _copy(source: int, name: str, target: int, new_name: str, room: Room, top: Identity | None, depth: int) -> None:
    mode = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        restoring.make_link(target, new_name, os.readlink(name, dir_fd=source), None)
    elif stat.S_ISREG(mode):
        _copy_file(source, name, target, new_name, room)
    elif stat.S_ISDIR(mode):
        _copy_folder(source, name, target, new_name, room, top, depth)


def _copy_file(source: int, name: str, target: int, new_name: str, room: Room) -> None:
    here = open_file(source, (name,))
    try:
        there = new_file(target, new_name, os.O_WRONLY, os.fstat(target))
        try:
            _copy_content(here, there, room)
            _make_alike(here, there)
            os.fsync(there)
        finally:
            os.close(there)
    finally:
        os.close(here)


def _copy_content(here: int, there: int, room: Room) -> None:
    size, done = os.fstat(here).st_size, 0  # its container may never stop adding to it
    room.need(size)
    while done < size:
        with room.writing(there, done, min(size - done, _PIECE)):
            copied = os.copy_file_range(here, there, min(size - done, _PIECE))
        if copied == 0:
            return  # nor cutting it off
        done += copied


def _copy_folder(
    source: int, name: str, target: int, new_name: str, room: Room, top: Identity | None, depth: int
) -> None:
    if depth == _DEEPEST:
        raise again(errno.ENAMETOOLONG)
    here = kernel.open_beneath(source, (name,), kernel.FOLDER)
    try:
        there = make_folder(target, new_name)
        try:
            top = top or identity(there)
            for each in os.listdir(here):
                _copy_inside(here, each, there, room, top, depth)
            _make_alike(here, there)
        finally:
            os.close(there)
    finally:
        os.close(here)


def _copy_inside(here: int, name: str, there: int, room: Room, top: Identity, depth: int) -> None:
    try:
        status = os.stat(name, dir_fd=here, follow_symlinks=False)
        if (status.st_dev, status.st_ino) != top:  # never the copy into itself
            _copy(here, name, there, name, room, top, depth + 1)
    except OSError as error:
        # Gone, or swapped, between being listed and being copied.
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EINVAL):
            raise


def make_folder(parent: int, name: str) -> int:
    """Make it and open it; EEXIST if there is something of that name."""
    os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    folder = kernel.open_beneath(parent, (name,), kernel.FOLDER)
    try:
        os.fchmod(folder, FOLDER_MODE)  # mkdir's own mode is cut by the umask
        own_as(folder, os.fstat(parent))
    except BaseException:
        os.close(folder)
        raise
    return folder


def open_file(folder: int, place: tuple[str, ...], flags: int = os.O_RDONLY) -> int:
    """Open a regular file. Nothing else is opened, not even for a moment: that alone could set a device going."""
    itself = kernel.open_beneath(folder, place, os.O_PATH)
    try:
        mode = os.fstat(itself).st_mode
        if stat.S_ISDIR(mode):
            raise again(errno.EISDIR)
        if not stat.S_ISREG(mode):
            raise Invalid("This is neither a file nor a folder")
        return kernel.reopen(itself, flags)
    finally:
        os.close(itself)


def identity(descriptor: int) -> Identity:
    """What tells a file or a folder from all others."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _make_alike(here: int, there: int) -> None:
    """Permission bits and times; never the bits that lend a program its owner's rights."""
    status = os.fstat(here)
    os.fchmod(there, stat.S_IMODE(status.st_mode) & 0o777)
    os.utime(there, ns=(status.st_atime_ns, status.st_mtime_ns))
