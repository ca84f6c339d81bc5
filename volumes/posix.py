"""What SFTP asks of a volume's files beside `volumes.files`: single steps, each decided and recorded as there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from volumes import access, replacing, storage, usage
from volumes.files import target_of, writable
from volumes.tree import Opening, PosixFile, PosixTree, parse
from volumes.tree.names import shown


def open_tree(actor: Actor, volume_id: str) -> PosixTree:
    """To look around in, for as long as the actor may: who asks sees to that, and closes it."""
    return storage.posix_tree(access.find_files(actor, volume_id, Permission.FILES_READ))


def space(actor: Actor, volume_id: str) -> os.statvfs_result:
    """What a file system of the volume's size says of itself."""
    volume = access.find_files(actor, volume_id, Permission.FILES_READ)
    with storage.posix_tree(volume) as tree:
        status = tree.space()
    found = usage.of(volume)
    if found.size is None or found.available is None:
        return status
    block = status.f_frsize
    blocks, free = found.size // block, found.available // block
    return os.statvfs_result((*status[:2], blocks, free, free, *status[5:]))


@contextmanager
def changeable(actor: Actor, volume_id: str) -> Iterator[PosixTree]:
    volume = writable(actor, volume_id)
    with usage.counting(volume) as room, storage.posix_tree(volume, room) as tree:
        yield tree


@audit.attempt("file.upload", target_of)
def open_to_write(actor: Actor, volume_id: str, path: str, how: Opening) -> PosixFile:
    """A file to write anywhere in; `close` records what came of it."""
    volume = writable(actor, volume_id)
    with storage.posix_tree(volume, usage.room_in(volume)) as tree:
        return tree.open_to_write(parse(path), how)


@audit.attempt("file.upload", target_of)
def close(actor: Actor, volume_id: str, path: str, file: PosixFile) -> None:
    """Close what was opened to be written, and record that it was changed, if it was.

    Raises:
        Conflict: what was written is lost, since a backup was restored meanwhile.
        NotFound: the same, since the volume was deleted.
    """
    size = file.status().st_size
    file.close()
    file.room.settle()
    if file.is_changed:
        replacing.refuse_lost(volume_id, file.root)
        audit.record(actor, target_of(volume_id, path), after={"size": size})


@audit.attempt("file.folder", target_of)
def make_folder(actor: Actor, volume_id: str, path: str, mode: int) -> None:
    """A new folder in one that is there."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path))
        tree.make_single_folder(parse(path), mode)


@audit.attempt("file.delete", target_of)
def delete_file(actor: Actor, volume_id: str, path: str) -> None:
    """Delete a file or a link."""
    with changeable(actor, volume_id) as tree:
        tree.delete_file(parse(path))
        audit.record(actor, target_of(volume_id, path))


@audit.attempt("file.delete", target_of)
def delete_empty_folder(actor: Actor, volume_id: str, path: str) -> None:
    """Delete a folder in which nothing is."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path))
        tree.delete_empty_folder(parse(path))


@audit.attempt("file.move", target_of)
def replace(actor: Actor, volume_id: str, source: str, destination: str) -> None:
    """Move or rename, also in the place of another file or an empty folder."""
    with changeable(actor, volume_id) as tree:
        tree.replace(parse(source), parse(destination))
        audit.record(actor, target_of(volume_id, source), after={"path": destination})


@audit.attempt("file.link", target_of)
def make_link(actor: Actor, volume_id: str, path: str, target: str) -> None:
    """A symbolic link, whatever it leads to."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path), after={"target": shown(target)})
        tree.make_link(parse(path), target)


@audit.attempt("file.link", target_of)
def make_hard_link(actor: Actor, volume_id: str, source: str, path: str) -> None:
    """A second name of a file."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path), after={"same_as": source})
        tree.make_hard_link(parse(source), parse(path))


@audit.attempt("file.resize", target_of)
def resize(actor: Actor, volume_id: str, path: str, size: int) -> None:
    """Cut a file off, or fill it up with zeros; `size` in bytes."""
    with changeable(actor, volume_id) as tree:
        tree.resize(parse(path), size)
        audit.record(actor, target_of(volume_id, path), after={"size": size})


@audit.attempt("file.times", target_of)
def change_times(actor: Actor, volume_id: str, path: str, accessed: int, modified: int) -> None:
    """Set when a file or a folder was last read and changed; nanoseconds since 1970."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path), after={"modified_at": modified // 10**9})
        tree.change_times(parse(path), accessed, modified)
