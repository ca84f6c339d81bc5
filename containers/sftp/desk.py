"""One session's work on the files, step by step, each in a thread: where a path leads, who does it, what is recorded.

Whoever looks, or goes on with a file that is open, has the right that the visit has (`visits.py` asks for it anew twice
a second); each change is decided by itself, below the doors.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from django.db import DatabaseError

from containers.sftp import paths
from containers.sftp.visits import Visit
from rules.errors import Conflict, Forbidden, Invalid, LightdError, OutOfSpace
from volumes import files, posix
from volumes.tree import Listing, Opening, PosixFile, PosixTree

log = logging.getLogger(__name__)

MOST_FILES = 100  # open at once
LARGEST = 2**63 - 1  # bytes, the kernel's
MODE_BITS = 0o777  # never setuid and its like


@dataclass(frozen=True)
class Changes:
    """What is to be set of a file; None: left as it is."""

    size: int | None = None  # bytes
    mode: int | None = None
    times: tuple[int, int] | None = None  # read and written last, in nanoseconds since 1970
    owner: int | None = None


@dataclass(eq=False)
class Handle:
    """A file that is open; its path from the volume's root."""

    path: str
    file: PosixFile
    writes: bool
    full: bool = False  # there was no room for a part of it


class Rows:
    """A folder's entries, behind the two that say where it is."""

    def __init__(self, first: list[tuple[str, os.stat_result]], rest: Listing | None) -> None:
        self._first = first
        self._rest = rest

    def next(self, number: int) -> list[tuple[str, os.stat_result]]:
        """So many more or less; empty: that was all."""
        if self._first:
            first, self._first = self._first, []
            return first
        return self._rest.next(number) if self._rest else []


class Desk:
    """Used by one thread at a time."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._actor = visit.guest.actor
        self._volume = visit.guest.volume_id
        self._tree: PosixTree = posix.open_tree(self._actor, self._volume)
        self._handles: set[Handle] = set()
        # Should the loop end while a step is still at it, nothing is closed under its hands.
        self.lock = Lock()

    def leave(self) -> None:
        """Close everything, and record what was written, or that it is lost."""
        for handle in list(self._handles):
            with suppress(LightdError):
                self.close(handle)
        self._tree.close()

    # Looking

    def status(self, path: bytes) -> os.stat_result:
        """Of a link the link's own; a folder above looks like the volume's."""
        found = paths.find(path)
        return self._tree.status(() if isinstance(found, paths.Above) else found)

    def rows(self, path: bytes) -> Rows:
        found = paths.find(path)
        here = self.status(path)
        first = [(".", here), ("..", here)]
        if isinstance(found, paths.Above):
            return Rows([*first, (os.fsdecode(found.holds), here)], None)
        return Rows(first, self._tree.listing(found))

    def more(self, rows: Rows, number: int) -> list[tuple[str, os.stat_result]]:
        return rows.next(number)

    def read_link(self, path: bytes) -> bytes:
        found = paths.find(path)
        if isinstance(found, paths.Above):
            raise Invalid("This is no link")
        return os.fsencode(self._tree.read_link(found))

    def space(self) -> os.statvfs_result:
        return posix.space(self._actor, self._volume)

    # Files that are open

    def open_to_read(self, path: bytes) -> Handle:
        found = paths.find(path)
        if isinstance(found, paths.Above):
            raise Invalid("This is a folder")
        self._refuse_more()
        return self._keep(Handle(paths.in_volume(path), self._tree.open_to_read(found), writes=False))

    def open_to_write(self, path: bytes, how: Opening) -> Handle:
        self._refuse_more()
        inside = paths.in_volume(path)
        file = posix.open_to_write(self._actor, self._volume, inside, how)
        return self._keep(Handle(inside, file, writes=True))

    def read(self, handle: Handle, offset: int, length: int) -> bytes:
        return handle.file.read(_checked(offset), length)

    def write(self, handle: Handle, offset: int, data: bytes) -> None:
        self._require_write(handle)
        if handle.full:  # clients send many parts ahead: one that fits after all would leave a hole before it
            raise OutOfSpace("The volume is full")
        try:
            handle.file.write(_checked(offset), data)
        except OutOfSpace:
            handle.full = True
            raise

    def change_open(self, handle: Handle, changes: Changes) -> None:
        self._require_write(handle)
        _refuse_owner(changes)
        if changes.size is not None:
            handle.file.resize(_checked(changes.size))
        if changes.mode is not None:
            handle.file.change_mode(changes.mode & MODE_BITS)
        if changes.times is not None:
            handle.file.change_times(*changes.times)

    def close(self, handle: Handle) -> None:
        """What was written is there, also where it cannot be recorded: then the log says so."""
        self._handles.discard(handle)
        if not handle.writes:
            handle.file.close()
            return
        try:
            posix.close(self._actor, self._volume, handle.path, handle.file)
        except DatabaseError:
            log.exception("a file was written, and could not be recorded: %s", handle.path)

    # Changing

    def change(self, path: bytes, changes: Changes) -> None:
        _refuse_owner(changes)
        inside = paths.in_volume(path)
        if changes.size is not None:
            posix.resize(self._actor, self._volume, inside, _checked(changes.size))
        if changes.mode is not None:
            files.change_mode(self._actor, self._volume, inside, changes.mode & MODE_BITS)
        if changes.times is not None:
            posix.change_times(self._actor, self._volume, inside, *changes.times)

    def make_folder(self, path: bytes, mode: int) -> None:
        posix.make_folder(self._actor, self._volume, paths.in_volume(path), mode)

    def delete_file(self, path: bytes) -> None:
        posix.delete_file(self._actor, self._volume, paths.in_volume(path))

    def delete_folder(self, path: bytes) -> None:
        posix.delete_empty_folder(self._actor, self._volume, paths.in_volume(path))

    def move(self, source: bytes, target: bytes) -> None:
        """Onto nothing."""
        files.move(self._actor, self._volume, paths.in_volume(source), paths.in_volume(target))

    def replace(self, source: bytes, target: bytes) -> None:
        """Also onto another file."""
        posix.replace(self._actor, self._volume, paths.in_volume(source), paths.in_volume(target))

    def make_link(self, path: bytes, target: bytes) -> None:
        if not target or b"\0" in target:
            raise Invalid("A link has to lead somewhere")
        posix.make_link(self._actor, self._volume, paths.in_volume(path), os.fsdecode(target))

    def make_hard_link(self, source: bytes, path: bytes) -> None:
        posix.make_hard_link(self._actor, self._volume, paths.in_volume(source), paths.in_volume(path))

    def _keep(self, handle: Handle) -> Handle:
        self._handles.add(handle)
        return handle

    def _refuse_more(self) -> None:
        if len(self._handles) >= MOST_FILES:
            raise Conflict(f"You already have {MOST_FILES} files open, which is the most")

    def _require_write(self, handle: Handle) -> None:
        if not handle.writes:
            raise Forbidden("The file is open for reading alone")
        self._visit.require_write()


def _checked(number: int) -> int:
    """An offset or a size that a file can have."""
    if number > LARGEST:
        raise Invalid("No file is that large")
    return number


def _refuse_owner(changes: Changes) -> None:
    if changes.owner is not None:
        raise Forbidden("Files belong to the container's user")
