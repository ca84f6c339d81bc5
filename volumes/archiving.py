"""What can be asked of archives; every door calls these. All that can be checked is checked before a worker begins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from django.db import transaction

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from rules.errors import Conflict, Invalid, NotFound
from volumes import access, storage, usage
from volumes.archives import Format
from volumes.models import Operation
from volumes.operations import queue
from volumes.tree import Kind, Place, Tree, parse
from volumes.tree.names import path_of

# Paths of an archive that the audit trail has, which is kept for long.
MOST_NAMED = 10


@audit.attempt("archive.compress", lambda volume_id, kind, output_name, paths: f"{volume_id}/{output_name}")
def compress(actor: Actor, volume_id: str, kind: Format, output_name: str, paths: Sequence[str]) -> Operation:
    """Have an archive made of files and folders; without paths, of all that is in the volume.

    Args:
        output_name: its path; the format's end is added unless it has it.
    """
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    target = parse(kind.name_of(output_name))
    usage.refuse_full(volume)  # said now, and not by the worker
    with storage.tree(volume) as tree:
        tree.below(target[:-1]).close()
        with suppress(NotFound):
            tree.look(target)
            raise Conflict(f"File already exists at path: {path_of(target)}")
        for path in paths:
            tree.look(parse(path))
    args = {"format": kind.value, "archive_path": path_of(target), "paths": list(paths) or [""]}
    with transaction.atomic():
        after = {"paths": args["paths"][:MOST_NAMED], "number": len(args["paths"])}
        audit.record(actor, f"{volume_id}/{path_of(target)}", after=after)
        return queue.add(volume, Operation.Kind.COMPRESS, actor, args)


@audit.attempt("archive.decompress", lambda volume_id, archive_path, destination, **_: f"{volume_id}/{archive_path}")
def decompress(actor: Actor, volume_id: str, archive_path: str, destination: str, *, overwrite: bool) -> Operation:
    """Have an archive unpacked into a folder, which is made if it is not there."""
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    usage.refuse_full(volume)  # said now, and not by the worker
    with storage.tree(volume) as tree:
        tree.open(parse(archive_path)).close()
        _refuse_what_is_no_folder(tree, parse(destination))
    args = {"archive_path": archive_path, "destination": destination, "overwrite": overwrite}
    with transaction.atomic():
        audit.record(actor, f"{volume_id}/{archive_path}", after={"destination": destination, "overwrite": overwrite})
        return queue.add(volume, Operation.Kind.DECOMPRESS, actor, args)


def _refuse_what_is_no_folder(tree: Tree, place: Place) -> None:
    with suppress(NotFound):
        for depth in range(1, len(place) + 1):
            if tree.look(place[:depth]).kind != Kind.DIRECTORY:
                raise Invalid(f"Not a folder: {path_of(place[:depth])}")
