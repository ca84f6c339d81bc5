"""A file in the making: beside the place that it is meant for, and there all at once when it is whole."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from typing import Self

from rules.errors import Conflict, NotFound
from volumes.tree import kernel
from volumes.tree.entries import Version, version_of
from volumes.tree.names import Place, path_of
from volumes.tree.refusals import about, again
from volumes.tree.room import Room

FILE_MODE = 0o644
FOLDER_MODE = 0o755
# What a power cut leaves, or an upload that nobody went on with, begins so, and anyone may delete it.
DRAFT = ".lightd-draft-"


def draft_name() -> str:
    return DRAFT + secrets.token_hex(8)


def may_give_away() -> bool:
    """Whether we may make files belong to others: served by somebody but root, all that is made is theirs."""
    return os.geteuid() == 0


def own_as(descriptor: int, owner: os.stat_result) -> None:
    """Give what was just made to whoever the folder, or the file that it replaces, belongs to: the container's user."""
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (owner.st_uid, owner.st_gid) and may_give_away():
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def new_file(folder: int, name: str, flags: int, owner: os.stat_result, mode: int = FILE_MODE) -> int:
    """Make a file where nothing is, whole with its mode and its owner, and open it."""
    descriptor = os.open(name, flags | kernel.NEW_FILE, mode, dir_fd=folder)
    try:
        os.fchmod(descriptor, mode)  # open's own mode is cut by the umask
        own_as(descriptor, owner)
    except BaseException:
        os.close(descriptor)
        os.unlink(name, dir_fd=folder)
        raise
    return descriptor


class Draft:
    """Written in a `with` block, which removes it unless it was published."""

    def __init__(self, folder: int, place: Place, room: Room, lies_in: int | None = None, name: str = "") -> None:
        """
        Args:
            folder: of the place; the draft closes it.
            room: for what is written.
            lies_in: the folder that has the draft, closed as well; None: beside its place.
            name: of the draft, one that nobody else has if it is empty.
        """
        self._folder = folder
        self._lies_in = os.dup(folder) if lies_in is None else lies_in
        self._place = place
        self._room = room
        self._name = name or draft_name()
        self._offset = 0
        self._published = False
        self._replaced = -1
        try:
            self.descriptor = self._open()
        except BaseException:
            self._close_folders()
            raise

    def _open(self) -> int:
        return new_file(self._lies_in, self._name, os.O_RDWR, os.fstat(self._folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._published:
            self._leave()
        os.close(self.descriptor)
        if self._replaced >= 0:
            self._room.give_back(self._replaced)
            os.close(self._replaced)
        self._close_folders()

    def _leave(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._lies_in)
            self._room.give_back(self.descriptor)

    def _close_folders(self) -> None:
        os.close(self._lies_in)
        os.close(self._folder)

    def write(self, data: bytes) -> None:
        with about(self._place):
            self._room.write(self.descriptor, self._offset, data)
        self._offset += len(data)

    def flush(self) -> None:
        """Have what was written on the disk."""
        with about(self._place):
            os.fsync(self.descriptor)

    def publish(self, *, replace: bool, expected: Version | None = None) -> Version:
        """Put the file in its place. In no time: `flush` comes before it, `settle` after it, and the room of the file
        that it replaces is given back at the end of the block.

        Args:
            replace: whether a file that is there already goes; its mode and owner stay.
            expected: the version that the writer has seen: another one is a Conflict, none any more is NotFound.
        """
        with about(self._place):
            if replace:
                self._succeed(expected)
                os.rename(self._name, self._place[-1], src_dir_fd=self._lies_in, dst_dir_fd=self._folder)
            else:
                kernel.rename_onto_nothing(self._name, self._lies_in, self._place[-1], self._folder)
            self._published = True
            return version_of(os.fstat(self.descriptor))

    def settle(self) -> None:
        """Have it in its place on the disk as well."""
        with about(self._place):
            flush_folder(self._folder)

    def _succeed(self, expected: Version | None) -> None:
        """Take over what is kept of the file that is replaced."""
        try:
            self._replaced = os.open(self._place[-1], os.O_PATH | os.O_NOFOLLOW, dir_fd=self._folder)
        except FileNotFoundError:
            if expected is not None:
                raise NotFound(f"The file was deleted since you opened it: {path_of(self._place)}") from None
            return
        before = os.fstat(self._replaced)
        if stat.S_ISLNK(before.st_mode):
            raise again(errno.ELOOP)
        if not stat.S_ISREG(before.st_mode):
            raise again(errno.EISDIR if stat.S_ISDIR(before.st_mode) else errno.EEXIST)
        if expected is not None and version_of(before) != expected:
            raise Conflict(f"The file changed since you opened it: {path_of(self._place)}")
        own_as(self.descriptor, before)
        os.fchmod(self.descriptor, stat.S_IMODE(before.st_mode) & 0o777)


def flush_folder(folder: int) -> None:
    """Have the names in it on the disk as well."""
    descriptor = kernel.reopen(folder, kernel.FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
