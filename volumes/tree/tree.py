"""One volume's files, from a descriptor of its folder."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from rules.errors import Conflict, Invalid
from volumes.tree import copying, deleting, entries, kernel, merging, restoring
from volumes.tree.copying import Identity
from volumes.tree.draft import Draft, draft_name, flush_folder, new_file, own_as
from volumes.tree.entries import Entry, Order, Owner
from volumes.tree.kept import KEPT, KeptDraft, kept_place
from volumes.tree.names import Place, path_of
from volumes.tree.refusals import about, again
from volumes.tree.restoring import NewFile
from volumes.tree.room import Room
from volumes.tree.search import Found, search
from volumes.tree.walking import walk

# Bytes of a file that are read or written at once.
PIECE = 512 << 10

_WAY = os.O_PATH | os.O_DIRECTORY
# How often the folder of kept drafts is made anew that was removed as empty just then.
_TRIES = 3
# What is no folder any more.
_GONE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)


class OpenFile:
    """A regular file that is open for reading, and what it was when it was opened. Whoever opened it closes it."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor = descriptor
        self.entry = entries.entry(name, os.fstat(descriptor))

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self.descriptor, length, offset)

    def close(self) -> None:
        """Once or again."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class GrowingFile:
    """A regular file that is written on at its end."""

    def __init__(self, descriptor: int, place: Place, room: Room) -> None:
        self.descriptor = descriptor
        self._place = place
        self._room = room

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def write(self, data: bytes) -> None:
        with about(self._place):
            self._room.write(self.descriptor, self.size, data)


class Tree:
    """Used in a `with` block. A place is what `parse` makes of a path, and every refusal names it.

    No link is ever followed: it is listed, copied, moved and deleted as what it is.
    """

    def __init__(self, root: int, room: Room | None = None) -> None:
        """
        Args:
            root: a descriptor of the volume's folder, which the tree closes.
            room: for all that is written, and of what is removed; None: the kernel knows it.
        """
        self._root = root
        self._room = room or Room()

    @classmethod
    def at(cls, path: Path) -> Self:
        """The tree below a folder whose own path nobody else can change."""
        return cls(os.open(path, kernel.FOLDER | os.O_NOFOLLOW))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """At the end, where there is no `with` block."""
        os.close(self._root)

    @property
    def identity(self) -> Identity:
        """What tells the volume's folder from the one that is restored in its place."""
        return copying.identity(self._root)

    # Looking

    def list(
        self, place: Place, order: Order = Order.NAME, limit: int | None = None, offset: int = 0
    ) -> tuple[list[Entry], int]:
        """A part of a folder, and how many entries all of it has."""
        with about(place), self._opened(place, kernel.FOLDER) as folder:
            return entries.page(folder, order, limit, offset)

    def look(self, place: Place) -> Entry:
        """What is there; of a link the link itself."""
        if not place:
            return entries.entry("", os.fstat(self._root))
        with about(place), self._parent(place) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            target = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(status.st_mode) else None
            return entries.entry(name, status, target)

    def open(self, place: Place) -> OpenFile:
        with about(place):
            return OpenFile(copying.open_file(self._root, place), place[-1] if place else "")

    def search(self, place: Place, text: str, limit: int) -> Found:
        """Entries below a folder with `text` in their name."""
        with about(place), self._opened(place, kernel.FOLDER):
            return search(self._root, place, text, limit)

    def walk(self, place: Place, too_long: Callable[[Place], None] | None = None) -> Iterator[tuple[Place, Entry]]:
        """Everything below a folder, each folder with all that is in it behind it. What is gone by then is left out.

        Args:
            too_long: called for a folder whose path the kernel does not take, which is left out then, and not refused.
        """

        def unopened(folder: Place, error: OSError) -> None:
            if too_long is not None and error.errno == errno.ENAMETOOLONG:
                too_long(folder)
            else:
                _refuse_unless_gone(folder, error)

        with about(place), self._opened(place, kernel.FOLDER):
            return walk(self._root, place, unopened)

    def below(self, place: Place) -> Tree:
        """The tree of a folder in this one, wherever that is moved meanwhile."""
        with about(place):
            return Tree(kernel.open_beneath(self._root, place, kernel.FOLDER), self._room)

    # Changing

    def draft(self, place: Place) -> Draft:
        """A new file for the place; its folder has to be there."""
        with about(place):
            refuse_root(place)
            return Draft(kernel.open_beneath(self._root, place[:-1], _WAY), place, self._room)

    @contextmanager
    def kept_draft(self, place: Place, key: str) -> Iterator[KeptDraft]:
        """The draft that goes on under this key, or a new one."""
        with about(place):
            refuse_root(place)
            draft = self._kept_draft(place, key)
        with draft:
            yield draft
        self._forget_empty()

    def forget_kept(self, place: Place, key: str) -> None:
        """Delete the draft under this key, or what a container has put in its place."""
        self.delete(kept_place(place, key))
        self._forget_empty()

    def forget_kept_before(self, moment: float) -> None:
        """Delete the drafts that nobody has written since then (Unix seconds)."""
        for entry in self.list(KEPT)[0]:
            if entry.modified_at < moment:
                self.delete((*KEPT, entry.name))
        self._forget_empty()

    @contextmanager
    def growing(self, place: Place, offset: int, *, replace: bool) -> Iterator[GrowingFile]:
        """The file that has come as far as `offset`, to write on. What was written stays, whatever happens.

        Args:
            offset: bytes; 0 makes the file.
            replace: whether one that is there already is emptied then.
        """
        with about(place):
            if offset == 0:
                self._begin_file(place, replace)
            descriptor = copying.open_file(self._root, place, os.O_WRONLY | os.O_APPEND)
        file = GrowingFile(descriptor, place, self._room)
        try:
            if offset == 0:
                self._room.resize(descriptor, 0)
            elif file.size != offset:
                raise Conflict(f"The file has {file.size} bytes, so that is where it goes on: {path_of(place)}")
            yield file
            with about(place):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, place: Place) -> None:
        """Make the folder, and those on its way that are missing."""
        with about(place):
            refuse_root(place)
            self.make_way(place[:-1])
            with self._parent(place) as (folder, name):
                os.close(copying.make_folder(folder, name))

    def make_way(self, place: Place) -> None:
        """Have all the folders to here, whether or not they are there."""
        with about(place):
            for depth in range(1, len(place) + 1):
                with self._parent(place[:depth]) as (folder, name):
                    try:
                        os.close(copying.make_folder(folder, name))
                    except FileExistsError:
                        continue  # what is no folder is refused by the next one, or by who uses the last

    @contextmanager
    def new_file(self, place: Place) -> Iterator[NewFile]:
        """A file where nothing is, to be written in the block. It stays, whatever happens."""
        with about(place), self._parent(place) as (folder, _):
            file = NewFile(folder, place, self._room)
        try:
            yield file
        finally:
            file.close()

    def make_link(self, place: Place, target: str, modified_ns: int | None = None, owner: Owner | None = None) -> None:
        """A link where nothing is, wherever it leads: for its container to follow, never for us."""
        with about(place), self._parent(place) as (folder, name):
            restoring.make_link(folder, name, target, modified_ns, owner)

    def finish_folder(self, place: Place, mode: int | None, modified_ns: int, owner: Owner | None = None) -> None:
        """Give a folder, when all is in it, its owner, its mode and its time."""
        with about(place), self._opened(place, _WAY) as itself:
            restoring.finish_folder(itself, mode, modified_ns, owner)

    def mirror(self, place: Place, folder: Place) -> None:
        """Make the folders of a place below `folder`, each owned as the one that it stands for, if that is there."""
        for depth in range(len(place) + 1):
            mirrored = (*folder, *place[:depth])
            with about(mirrored):
                self.make_way(mirrored)
                self._own_like(mirrored, place[:depth])

    def refuse_clashes(self, folder: Place, *, replace: bool) -> None:
        """Raise Conflict if `merge` could not do all of it."""
        merging.refuse_clashes(self._root, folder, replace=replace)

    def merge(self, folder: Place, *, replace: bool) -> None:
        """Move what is in the folder to the same places in the tree, filling those folders that are there already.

        Args:
            replace: whether files that are there already go.
        """
        merging.merge(self._root, folder, self._room, replace=replace)

    def flush(self) -> None:
        """Have all that was written on the disk."""
        kernel.flush_all(self._root)

    def copy(self, source: Place, target: Place) -> None:
        """There all at once when it is whole; never over something else."""
        refuse_within(source, target, "copied")
        with about(target), self._parent(target) as (there, new_name):
            draft = draft_name()
            try:
                with about(source), self._parent(source) as (here, name):
                    copying.copy(here, name, there, draft, self._room)
                kernel.rename_onto_nothing(draft, there, new_name, there)
            except BaseException:
                self._delete_if_there(there, draft)
                raise
            flush_folder(there)

    def move(self, source: Place, target: Place) -> None:
        """In one step; never over something else. On the disk with `settle`."""
        refuse_within(source, target, "moved")
        with self._both(source, target) as (here, name, there, new_name):
            kernel.rename_onto_nothing(name, here, new_name, there)

    @contextmanager
    def _both(self, source: Place, target: Place) -> Iterator[tuple[int, str, int, str]]:
        """Each as its folder and its name. What is refused of the step itself is about the target."""
        with (
            about(target),
            self._parent(target) as (there, new_name),
            about(source),
            self._parent(source) as (here, name),
        ):
            os.stat(name, dir_fd=here, follow_symlinks=False)  # for who names what is not there
            with about(target):
                yield here, name, there, new_name

    def settle(self, place: Place) -> None:
        """Have on the disk that it was moved there; moved away with its folder, that is for who did it."""
        try:
            with self._opened(place[:-1], _WAY) as folder:
                flush_folder(folder)
        except OSError as error:
            _refuse_unless_gone(place, error)

    def delete(self, place: Place) -> None:
        """A folder with all that is in it."""
        with about(place), self._parent(place) as (folder, name):
            deleting.delete(folder, name, self._room)

    def change_mode(self, place: Place, mode: int) -> None:
        """Set the permission bits of a file or a folder."""
        refuse_root(place)
        with about(place), self._opened(place, os.O_PATH) as itself:
            os.chmod(kernel.path_of(itself), mode)

    # How a place is reached

    @contextmanager
    def _opened(self, place: Place, flags: int) -> Iterator[int]:
        descriptor = kernel.open_beneath(self._root, place, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _parent(self, place: Place) -> Iterator[tuple[int, str]]:
        """The folder that has the place's entry, and the entry's name."""
        refuse_root(place)
        with self._opened(place[:-1], _WAY) as folder:
            yield folder, place[-1]

    def _kept_draft(self, place: Place, key: str) -> KeptDraft:
        for _ in range(_TRIES):
            self.make_way(KEPT)
            with (
                suppress(FileNotFoundError),
                self._opened(place[:-1], _WAY) as folder,
                self._opened(KEPT, _WAY) as kept,
            ):
                return KeptDraft(os.dup(folder), place, self._room, os.dup(kept), key)
        raise again(errno.ENOENT)

    def _forget_empty(self) -> None:
        """The folder of kept drafts, if there are none."""
        try:
            os.rmdir(KEPT[0], dir_fd=self._root)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, *_GONE):
                raise

    def _delete_if_there(self, folder: int, name: str) -> None:
        with suppress(FileNotFoundError):
            deleting.delete(folder, name, self._room)

    def _own_like(self, place: Place, other: Place) -> None:
        try:
            with self._opened(other, _WAY) as model:
                owner = os.fstat(model)
        except OSError as error:
            if error.errno in _GONE:
                return  # it stays as its parent's
            raise
        with self._opened(place, kernel.FOLDER) as folder:
            own_as(folder, owner)

    def _begin_file(self, place: Place, replace: bool) -> None:
        with self._parent(place) as (folder, name):
            try:
                os.close(new_file(folder, name, os.O_WRONLY, os.fstat(folder)))
            except FileExistsError:
                if not replace:
                    raise


def _refuse_unless_gone(place: Place, error: OSError) -> None:
    if error.errno not in _GONE:
        with about(place):
            raise error


def refuse_root(place: Place) -> None:
    if not place:
        raise Invalid("The path of a file or folder in the volume is needed")


def refuse_within(source: Place, target: Place, done: str) -> None:
    if target[: len(source)] == source and len(target) > len(source):
        raise Invalid(f"A folder cannot be {done} into itself: {path_of(source)}")
