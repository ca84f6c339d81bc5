"""The one function that workers are told to call.

Of an archive all is made in a folder of the volume that nobody is to see yet, at the places where it is to be, and then
moved from there. Cut off before that, it is begun anew; cut off in the move, it is gone on with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import Error as DatabaseProblem
from django.utils import timezone

from rules import request_id
from rules.errors import LightdError, NotFound
from volumes import storage, usage
from volumes.archives import Format, LeftOut, Limits, Meter, Stopped, measure, pack, unpack
from volumes.backups import making, restoring
from volumes.models import Operation
from volumes.operations import queue
from volumes.operations.resize import give_up, resize
from volumes.tree import DRAFT, Place, Tree, parse
from volumes.tree.names import path_of
from work import lease

log = logging.getLogger(__name__)


def run(operation_id: str) -> None:
    """Do the operation with this id, unless somebody else does or did."""
    operation = queue.claim(UUID(operation_id))
    if operation is None:
        clear_after_another(UUID(operation_id))
        return
    request_id.use(operation.request_id)
    attempt(operation)


def attempt(operation: Operation) -> None:
    """One attempt at a claimed operation, and how it ended."""
    meter = Meter(Limits.of(0))  # of an archive that is made, the entries alone are limited
    with queue.kept(operation, meter):
        try:
            WAYS[operation.kind].do(operation, meter)
        except Stopped:
            log.info("%s is no longer wanted", operation)
            queue.cleared(operation)
        except DatabaseProblem as error:
            # The lease runs out, and the next attempt begins where this one was.
            log.warning("%s lost the database: %s", operation, error)
        except LightdError as error:
            queue.finish(operation, Operation.Status.FAILED, error.sentence, error.status)
        except Exception as error:
            log.exception("%s failed", operation)
            queue.finish(operation, Operation.Status.FAILED, f"Internal error: {type(error).__name__}")
        else:
            queue.finish(operation, Operation.Status.DONE)


def archive(operation: Operation, meter: Meter) -> None:
    """Make what is to be in the volume, and put it there."""
    with usage.counting(operation.volume) as room, storage.tree(operation.volume, room) as tree:
        draft = parse(operation.publishing) or drafts(operation)[-1]
        try:
            if not operation.publishing:
                make(operation, tree, draft, meter)
            if _is_there(tree, draft):
                tree.merge(draft, replace=_replaces(operation))
        except DatabaseProblem:
            raise  # nobody knows what it has written: what is there stays for the next attempt
        except BaseException:
            _clear(tree, [draft])
            raise
        _clear(tree, drafts(operation))


def make(operation: Operation, tree: Tree, draft: Place, meter: Meter) -> None:
    """Make all that there is to be in the draft, and be sure that it can be moved from there."""
    _clear(tree, drafts(operation))
    tree.make_folder(draft)
    result = MAKE[operation.kind](operation, tree, draft, meter)
    tree.refuse_clashes(draft, replace=_replaces(operation))
    tree.flush()
    queue.begin_publishing(operation, path_of(draft), result, meter)


# --- The two kinds of archives ------------------------------------------------


def compress(operation: Operation, tree: Tree, draft: Place, meter: Meter) -> dict[str, Any]:
    kind, target = Format(operation.args["format"]), parse(operation.args["archive_path"])
    places = [parse(path) for path in operation.args["paths"]]
    lease.mine(operation).update(total_bytes=measure(tree, places))
    tree.mirror(target[:-1], draft)
    left_out = LeftOut()
    with tree.draft((*draft, *target)) as archive:
        for piece in pack(tree, places, kind, meter, left_out):
            archive.write(piece)
        archive.publish(replace=False)
    size = tree.look((*draft, *target)).size
    return {"size": size, "left_out": left_out.paths, "left_out_count": left_out.count}


def decompress(operation: Operation, tree: Tree, draft: Place, meter: Meter) -> dict[str, Any]:
    destination = parse(operation.args["destination"])
    with tree.open(parse(operation.args["archive_path"])) as file:
        meter.limits = Limits.of(file.entry.size)
        lease.mine(operation).update(total_bytes=file.entry.size)
        tree.mirror(destination, draft)
        with tree.below((*draft, *destination)) as inside:
            unpack(file, inside, meter)
    return {}


MAKE: dict[str, Callable[[Operation, Tree, Place, Meter], dict[str, Any]]] = {
    Operation.Kind.COMPRESS: compress,
    Operation.Kind.DECOMPRESS: decompress,
}


def _replaces(operation: Operation) -> bool:
    return bool(operation.args.get("overwrite"))


# --- Clearing away ------------------------------------------------------------


def drafts(operation: Operation) -> list[Place]:
    """Where each attempt makes what it makes, the present one last. Each has its own: the worker of the one before may
    only be slow."""
    return [(f"{DRAFT}{operation.pk.hex}-{number + 1}",) for number in range(operation.attempts)]


def clear_after_another(operation_id: UUID) -> None:
    """What a dead worker left of an operation that is finished: it was cancelled, or had too many attempts."""
    unused = Operation.objects.exclude(status__in=Operation.UNFINISHED).filter(lease_until__lte=timezone.now())
    operation = unused.select_related("volume").filter(pk=operation_id).first()
    if operation is not None:
        WAYS[operation.kind].clear(operation)
        queue.cleared(operation)


def clear(operation: Operation) -> None:
    """What attempts at an archive have left."""
    with usage.counting(operation.volume) as room, storage.tree(operation.volume, room) as tree:
        _clear(tree, drafts(operation))


def _clear(tree: Tree, places: list[Place]) -> None:
    for place in places:
        if _is_there(tree, place):
            tree.delete(place)


def _is_there(tree: Tree, place: Place) -> bool:
    try:
        tree.look(place)
    except NotFound:
        return False
    return True


# --- All kinds -----------------------------------------------------------------


class Way(NamedTuple):
    """How the operations of a kind are done, and what clears away after workers that were cut off in one."""

    do: Callable[[Operation, Meter], None]
    clear: Callable[[Operation], None]


def leave(operation: Operation) -> None:
    """What workers leave of these lies outside of the volume, where `backups.deleting` and `trash.sweep` find it."""


ARCHIVE = Way(archive, clear)
WAYS: dict[str, Way] = {
    Operation.Kind.COMPRESS: ARCHIVE,
    Operation.Kind.DECOMPRESS: ARCHIVE,
    Operation.Kind.RESIZE: Way(resize, give_up),
    Operation.Kind.BACKUP: Way(making.do, leave),
    Operation.Kind.RESTORE: Way(restoring.do, leave),
}
