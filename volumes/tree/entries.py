"""What lies in a folder: its entries, in order, a page at a time."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from volumes.tree.room import occupied

# Changes with each write: inode, size and time of the last one.
Version: TypeAlias = str
# User and group, by their numbers.
Owner: TypeAlias = tuple[int, int]


class Kind(StrEnum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"


class Order(StrEnum):
    """What a listing is sorted by; `-` turns it round. By name, folders come first."""

    NAME = "name"
    NAME_DOWN = "-name"
    SIZE = "size"
    SIZE_DOWN = "-size"
    MODIFIED = "modified_at"
    MODIFIED_DOWN = "-modified_at"


@dataclass(frozen=True)
class Entry:
    """A file, a folder, a link, or something that is none of them, by its name on disk."""

    name: str
    kind: Kind
    size: int  # bytes
    mode: int  # permission bits
    modified_ns: int  # Unix nanoseconds
    version: Version
    target: str | None = None  # of a link, as it is written there
    owner: Owner = (0, 0)
    on_disk: int = 0  # bytes of the disk; of a file with several names, each has its part

    @property
    def modified_at(self) -> int:
        """Unix seconds."""
        return self.modified_ns // 10**9

    @property
    def mime(self) -> str | None:
        return mimetypes.guess_type(self.name)[0] if self.kind == Kind.FILE else None


def kind_of(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return Kind.FILE
    if stat.S_ISDIR(mode):
        return Kind.DIRECTORY
    return Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.OTHER


def version_of(status: os.stat_result) -> Version:
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"


def entry(name: str, status: os.stat_result, target: str | None = None) -> Entry:
    return Entry(
        name=name,
        kind=kind_of(status.st_mode),
        size=status.st_size,
        mode=stat.S_IMODE(status.st_mode),
        modified_ns=status.st_mtime_ns,
        version=version_of(status),
        target=target,
        owner=(status.st_uid, status.st_gid),
        on_disk=occupied(status) // (max(status.st_nlink, 1) if stat.S_ISREG(status.st_mode) else 1),
    )


def every(folder: int) -> Iterator[Entry]:
    """All that is in the folder, in no order, and without where links lead."""
    with os.scandir(folder) as found:
        for each in found:
            try:
                yield entry(each.name, each.stat(follow_symlinks=False))
            except FileNotFoundError:
                continue


def page(folder: int, order: Order, limit: int | None, offset: int) -> tuple[list[Entry], int]:
    """A part of what is in the folder, and how many entries it has. By name, only that part is looked at closely."""
    with os.scandir(folder) as found:
        entries = list(found)
        entries.sort(key=_key(order), reverse=order.startswith("-"))
        end = None if limit is None else offset + limit
        return list(_looked_at(folder, entries[offset:end])), len(entries)


def _looked_at(folder: int, entries: list[os.DirEntry[str]]) -> Iterator[Entry]:
    for each in entries:
        try:
            status = each.stat(follow_symlinks=False)
            target = os.readlink(each.name, dir_fd=folder) if stat.S_ISLNK(status.st_mode) else None
        except OSError:
            continue  # gone, or something else by now
        yield entry(each.name, status, target)


def _key(order: Order) -> Callable[[os.DirEntry[str]], Any]:
    match order:
        case Order.SIZE | Order.SIZE_DOWN:
            return lambda each: (_status(each, "st_size"), each.name)
        case Order.MODIFIED | Order.MODIFIED_DOWN:
            return lambda each: (_status(each, "st_mtime_ns"), each.name)
        case Order.NAME_DOWN:
            return lambda each: (each.is_dir(follow_symlinks=False), each.name.casefold(), each.name)
    return lambda each: (not each.is_dir(follow_symlinks=False), each.name.casefold(), each.name)


def _status(each: os.DirEntry[str], field: str) -> int:
    try:
        return int(getattr(each.stat(follow_symlinks=False), field))
    except FileNotFoundError:
        return 0
