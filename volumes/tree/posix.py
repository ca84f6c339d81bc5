"""One step at a time, as the calls of POSIX are: for SFTP, whose clients put the steps together themselves.

Beside `Tree`, which makes whole files and the way to them. No link is followed here either.
"""

from __future__ import annotations

import errno
import os
import weakref
from dataclasses import dataclass
from itertools import islice

from rules.errors import Conflict
from volumes.tree import copying, kernel
from volumes.tree.copying import Identity
from volumes.tree.draft import FILE_MODE, new_file
from volumes.tree.names import Place, path_of
from volumes.tree.refusals import about
from volumes.tree.room import Room, write_all_at
from volumes.tree.tree import Tree, refuse_within


@dataclass(frozen=True)
class Opening:
    """How a file is opened that is to be changed."""

    create: bool = False
    exclusive: bool = False  # with `create`: refused if something is there
    truncate: bool = False
    append: bool = False  # whatever offset is given
    mode: int = FILE_MODE  # of a new file


class PosixFile:
    """A regular file that is open. Whoever opened it closes it."""

    def __init__(
        self,
        descriptor: int,
        place: Place,
        root: Identity,
        room: Room | None = None,
        *,
        appends: bool = False,
        is_new: bool = False,
    ) -> None:
        """
        Args:
            root: of the tree that it is in.
        """
        self._descriptor = descriptor
        self._place = place
        self._appends = appends
        self.root = root
        self.room = room or Room()
        self.is_changed = is_new

    def read(self, offset: int, length: int) -> bytes:
        with about(self._place):
            return os.pread(self._descriptor, length, offset)

    def write(self, offset: int, data: bytes) -> None:
        with about(self._place):
            if self._appends:
                offset = self.status().st_size
            with self.room.writing(self._descriptor, offset, len(data)):
                self.is_changed = True
                write_all_at(self._descriptor, offset, data)

    def resize(self, size: int) -> None:
        with about(self._place):
            self.is_changed = True
            self.room.resize(self._descriptor, size)

    def change_mode(self, mode: int) -> None:
        with about(self._place):
            self.is_changed = True
            os.fchmod(self._descriptor, mode)

    def change_times(self, accessed: int, modified: int) -> None:
        """Both in nanoseconds since 1970."""
        with about(self._place):
            self.is_changed = True
            os.utime(self._descriptor, ns=(accessed, modified))

    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def flush(self) -> None:
        """Have what was written on the disk."""
        with about(self._place):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Once or again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Listing:
    """A folder's entries, some at a time, in the order of the disk. Closed with its last user at the latest."""

    def __init__(self, folder: int, place: Place) -> None:
        """
        Args:
            folder: a descriptor, which the listing closes.
        """
        weakref.finalize(self, os.close, folder)
        self._folder = folder
        self._place = place
        self._entries = os.scandir(folder)

    def next(self, number: int) -> list[tuple[str, os.stat_result]]:
        """So many more, without those that are gone by now; empty: that was all."""
        with about(self._place):
            while names := [entry.name for entry in islice(self._entries, number)]:
                if found := [(name, status) for name in names if (status := self._status(name))]:
                    return found
        return []

    def _status(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None


class PosixTree(Tree):
    """A tree whose steps can be taken one by one."""

    # Looking

    def status(self, place: Place) -> os.stat_result:
        """Of a link the link's own."""
        if not place:
            return os.fstat(self._root)
        with about(place), self._parent(place) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def listing(self, place: Place) -> Listing:
        with about(place):
            return Listing(kernel.open_beneath(self._root, place, kernel.FOLDER), place)

    def read_link(self, place: Place) -> str:
        """Where it leads, as it is written there."""
        with about(place), self._parent(place) as (folder, name):
            return os.readlink(name, dir_fd=folder)

    def open_to_read(self, place: Place) -> PosixFile:
        with about(place):
            return PosixFile(copying.open_file(self._root, place), place, self.identity)

    def space(self) -> os.statvfs_result:
        """Of the file system."""
        return os.fstatvfs(self._root)

    # Changing

    def open_to_write(self, place: Place, how: Opening) -> PosixFile:
        flags = os.O_APPEND if how.append else 0
        with about(place):
            if how.create:
                try:
                    return self._new_file(place, how, flags)
                except FileExistsError:
                    if how.exclusive:
                        raise
            descriptor = copying.open_file(self._root, place, os.O_RDWR | flags)
            file = PosixFile(descriptor, place, self.identity, self._room, appends=how.append)
        if how.truncate:
            try:
                file.resize(0)
            except BaseException:
                file.close()
                raise
        return file

    def make_single_folder(self, place: Place, mode: int) -> None:
        """The folder itself; the one that it is in has to be there."""
        with about(place), self._parent(place) as (parent, name):
            folder = copying.make_folder(parent, name)
            try:
                os.fchmod(folder, mode)
            finally:
                os.close(folder)

    def delete_file(self, place: Place) -> None:
        """A file, or a link itself; no folder."""
        with about(place), self._parent(place) as (folder, name), self._room.losing(folder, name):
            os.unlink(name, dir_fd=folder)

    def delete_empty_folder(self, place: Place) -> None:
        with about(place), self._parent(place) as (folder, name):
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError as error:
                if error.errno == errno.ENOTEMPTY:
                    raise Conflict(f"The folder is not empty: {path_of(place)}") from None
                raise

    def replace(self, source: Place, target: Place) -> None:
        """Rename, in one step, also onto a file or an empty folder."""
        refuse_within(source, target, "moved")
        with self._both(source, target) as (here, name, there, new_name), self._room.losing(there, new_name):
            os.rename(name, new_name, src_dir_fd=here, dst_dir_fd=there)

    def make_hard_link(self, source: Place, target: Place) -> None:
        """A second name of the same file."""
        with self._both(source, target) as (here, name, there, new_name):
            os.link(name, new_name, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)

    def resize(self, place: Place, size: int) -> None:
        with about(place):
            file = PosixFile(copying.open_file(self._root, place, os.O_WRONLY), place, self.identity, self._room)
        try:
            file.resize(size)
        finally:
            file.close()

    def change_times(self, place: Place, accessed: int, modified: int) -> None:
        """Of a file or a folder; both in nanoseconds since 1970."""
        with about(place), self._opened(place, os.O_PATH) as itself:
            os.utime(kernel.path_of(itself), ns=(accessed, modified))

    def _new_file(self, place: Place, how: Opening, flags: int) -> PosixFile:
        with self._parent(place) as (folder, name):
            descriptor = new_file(folder, name, os.O_RDWR | flags, os.fstat(folder), how.mode)
            return PosixFile(descriptor, place, self.identity, self._room, appends=how.append, is_new=True)
