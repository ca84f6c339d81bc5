"""What can be asked of a volume's files; every door calls these.

A change is recorded in one transaction with its last step, which is short: in there nothing waits for the disk or gives
back the room of a file. What takes long, a copy or a deletion, is recorded when it is done: the database would wait for
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from rules.errors import Invalid, NotFound, TooLarge
from volumes import access, replacing, storage, usage
from volumes.archives import Format
from volumes.downloads import Archive
from volumes.models import Volume
from volumes.tree import Draft, Entry, Found, OpenFile, Order, Place, Tree, Version, parse
from volumes.tree.kept import kept_place
from volumes.tree.tree import refuse_root

# Bytes of a file that is opened in an editor.
LARGEST_TEXT = 1 << 20


@dataclass(frozen=True)
class Text:
    """A file's content for an editor, and the version that a later write may insist on."""

    content: str
    entry: Entry


# --- Reading ------------------------------------------------------------------


def list_folder(
    actor: Actor, volume_id: str, path: str, order: Order, limit: int | None, offset: int
) -> tuple[list[Entry], int]:
    """A part of a folder, and how many entries all of it has."""
    with readable(actor, volume_id) as tree:
        return tree.list(parse(path), order, limit, offset)


def look(actor: Actor, volume_id: str, path: str) -> Entry:
    """What is there; of a link the link itself."""
    with readable(actor, volume_id) as tree:
        return tree.look(parse(path))


def search(actor: Actor, volume_id: str, path: str, text: str, limit: int) -> Found:
    """Files and folders below a folder with `text` in their name."""
    with readable(actor, volume_id) as tree:
        return tree.search(parse(path), text, limit)


def read_text(actor: Actor, volume_id: str, path: str) -> Text:
    """All of a file that is UTF-8 and not too long for an editor."""
    with open_file(actor, volume_id, path) as file:
        content = file.read(0, LARGEST_TEXT + 1)
        if len(content) > LARGEST_TEXT:
            raise TooLarge(f"The file is larger than {LARGEST_TEXT} bytes: download it instead")
        try:
            return Text(content.decode(), file.entry)
        except UnicodeDecodeError:
            raise Invalid("The file is not text: download it instead") from None


def open_file(actor: Actor, volume_id: str, path: str) -> OpenFile:
    """A file to be read piece by piece, and closed by the caller."""
    with readable(actor, volume_id) as tree:
        return tree.open(parse(path))


def open_archive(actor: Actor, volume_id: str, path: str, kind: Format) -> Archive:
    """A file, or a folder with all that is in it, as an archive to be read piece by piece, and closed by the caller."""
    tree = storage.tree(access.find_files(actor, volume_id, Permission.FILES_READ))
    try:
        return Archive(tree, parse(path), kind)
    except BaseException:
        tree.close()
        raise


@contextmanager
def readable(actor: Actor, volume_id: str) -> Iterator[Tree]:
    with storage.tree(access.find_files(actor, volume_id, Permission.FILES_READ)) as tree:
        yield tree


# --- Changing -----------------------------------------------------------------


def target_of(volume_id: str, path: str, *_: object, **__: object) -> str:
    """A file as the audit trail names it."""
    return f"{volume_id}/{path}"


@audit.attempt("file.write", target_of)
def write(actor: Actor, volume_id: str, path: str, content: str, expected: Version | None) -> Version:
    """Have the file be this text, all at once.

    Args:
        expected: the version that the writer has seen: another one is a Conflict, none any more is NotFound.

    Raises:
        TooLarge: it is longer than what an editor opens.
    """
    data = content.encode()
    if len(data) > LARGEST_TEXT:
        raise TooLarge(f"The text is larger than {LARGEST_TEXT} bytes: upload it instead")
    with changeable(actor, volume_id) as tree, tree.draft(parse(path)) as draft:
        draft.write(data)
        return _publish(actor, volume_id, path, tree, draft, replace=True, expected=expected)


@audit.attempt("file.upload", target_of)
def expect_upload(actor: Actor, volume_id: str, path: str) -> None:
    """Refuse who may not upload to the folder, before anything of what they send is read."""
    writable(actor, volume_id)


@audit.attempt("file.upload", target_of)
def upload(actor: Actor, volume_id: str, path: str, pieces: Iterable[bytes], *, replace: bool) -> int:
    """A file from its bytes, there when the last has come; folders on its way are made. Returns how many bytes."""
    with changeable(actor, volume_id) as tree:
        place = parse(path)
        tree.make_way(place[:-1])
        size = 0
        with tree.draft(place) as draft:
            for piece in pieces:
                draft.write(piece)
                size += len(piece)
            _publish(actor, volume_id, path, tree, draft, replace=replace)
    return size


@audit.attempt("file.upload", target_of)
def upload_more(actor: Actor, volume_id: str, path: str, pieces: Iterable[bytes], *, offset: int, replace: bool) -> int:
    """Go on with a file that has come as far as `offset`: what comes stays, also if it is not all. Returns its size."""
    with changeable(actor, volume_id) as tree:
        place = parse(path)
        if offset == 0:
            tree.make_way(place[:-1])
        with tree.growing(place, offset, replace=replace) as file:
            audit.record(actor, target_of(volume_id, path), after={"offset": offset})
            for piece in pieces:
                file.write(piece)
            size = file.size
        replacing.refuse_lost(volume_id, tree.identity)
        return size


@audit.attempt("file.upload", target_of)
def upload_kept(
    actor: Actor, volume_id: str, path: str, pieces: Iterable[bytes], *, key: str, offset: int, replace: bool
) -> int:
    """Go on with a file of which so much has come under this key, and which is there when its last piece has. Returns
    its size."""
    with changeable(actor, volume_id) as tree:
        place = parse(path)
        tree.make_way(place[:-1])
        with tree.kept_draft(place, key) as draft:
            draft.go_on_at(offset)
            for piece in pieces:
                draft.write(piece)
            _publish(actor, volume_id, path, tree, draft, replace=replace)
            return draft.written


def kept(actor: Actor, volume_id: str, path: str, key: str) -> int:
    """How many bytes of a file have come under this key."""
    with changeable(actor, volume_id) as tree, suppress(NotFound):
        return tree.look(kept_place(_file_at(path), key)).size
    return 0


@audit.attempt("file.upload_cancel", target_of)
def forget_kept(actor: Actor, volume_id: str, path: str, key: str) -> None:
    """Delete what has come of a file under this key."""
    with changeable(actor, volume_id) as tree:
        tree.forget_kept(_file_at(path), key)
        audit.record(actor, target_of(volume_id, path))


def _file_at(path: str) -> Place:
    place = parse(path)
    refuse_root(place)
    return place


@audit.attempt("file.folder", target_of)
def make_folder(actor: Actor, volume_id: str, path: str) -> None:
    """A new folder, and those on its way that are missing."""
    with changeable(actor, volume_id) as tree, transaction.atomic():
        audit.record(actor, target_of(volume_id, path))
        tree.make_folder(parse(path))


@audit.attempt("file.copy", target_of)
def copy(actor: Actor, volume_id: str, source: str, destination: str) -> None:
    """Copy a file or a folder to a place where nothing is."""
    with changeable(actor, volume_id) as tree:
        tree.copy(parse(source), parse(destination))
        replacing.refuse_lost(volume_id, tree.identity)
        audit.record(actor, target_of(volume_id, source), after={"path": destination})


@audit.attempt("file.move", target_of)
def move(actor: Actor, volume_id: str, source: str, destination: str) -> None:
    """Move or rename a file or a folder to a place where nothing is."""
    with changeable(actor, volume_id) as tree:
        with transaction.atomic():
            audit.record(actor, target_of(volume_id, source), after={"path": destination})
            tree.move(parse(source), parse(destination))
        tree.settle(parse(destination))


@audit.attempt("file.delete", lambda volume_id, paths: target_of(volume_id, ", ".join(paths)))
def delete(actor: Actor, volume_id: str, paths: Sequence[str]) -> None:
    """Delete files and folders, in this order, until one of them cannot be."""
    with changeable(actor, volume_id) as tree:
        for path, place in [(path, parse(path)) for path in paths]:
            tree.delete(place)
            audit.record(actor, target_of(volume_id, path))


@audit.attempt("file.chmod", target_of)
def change_mode(actor: Actor, volume_id: str, path: str, mode: int) -> None:
    """Set who may read, write and run a file or enter a folder."""
    with changeable(actor, volume_id) as tree:
        place = parse(path)
        before = octal(tree.look(place).mode)
        with transaction.atomic():
            audit.record(actor, target_of(volume_id, path), before={"mode": before}, after={"mode": octal(mode)})
            tree.change_mode(place, mode)


def octal(mode: int) -> str:
    """Permission bits as people write them: `0755`."""
    return f"{mode:04o}"


@contextmanager
def changeable(actor: Actor, volume_id: str) -> Iterator[Tree]:
    volume = writable(actor, volume_id)
    with usage.counting(volume) as room, storage.tree(volume, room) as tree:
        yield tree


def writable(actor: Actor, volume_id: str) -> Volume:
    """The volume, if the actor may change its files and nobody is replacing them all."""
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    replacing.refuse_written(volume)
    return volume


def _publish(
    actor: Actor, volume_id: str, path: str, tree: Tree, draft: Draft, *, replace: bool, expected: Version | None = None
) -> Version:
    draft.flush()
    with transaction.atomic():
        # Of two that have seen the same version only one comes through, and no restore begins.
        replacing.lock(UUID(volume_id))
        replacing.refuse_lost(volume_id, tree.identity)
        audit.record(actor, target_of(volume_id, path))
        version = draft.publish(replace=replace, expected=expected)
    draft.settle()
    return version
