"""What is thrown away: out of sight at once, whole, and removed for good by a worker."""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path

from django.conf import settings

from rules.errors import LightdError
from volumes import images, locks
from volumes.images import Image
from volumes.models import Operation, Volume
from volumes.tree import Tree
from work import workers

# Nobody on the host gets this far but us.
_PARENT_MODE = 0o700

# Seconds; longer than any transaction takes, or anything that writes a draft stands still.
_DRAFT_AGE = 3600
# The same of a volume without a row: in a week somebody may notice that the database is an older one, put back.
_ORPHAN_AGE = 7 * 24 * 3600


def image_of(name: str) -> Image:
    """The image of a volume, by its id."""
    return Image(folder("images") / f"{name}.ext4", folder("volumes") / name)


def draft_of(name: str) -> Image:
    """The image of what is to replace a volume, or its directory."""
    return Image(folder("images") / f"{name}.ext4", folder("drafts") / name)


def throw_away(image: Image, lock: int) -> None:
    """A directory, and the image that may be mounted on it."""
    images.unmount_lazily(image, lock)
    trash = make_private(folder("trash"))
    for path in (image.place, image.file, image.draft):
        with contextlib.suppress(FileNotFoundError):
            path.rename(trash / f"{path.name}.{uuid.uuid4().hex}")


def ask_to_sweep() -> None:
    """Have a worker do it: emptying can take minutes. Lost on the way, the supervisor asks for it within the hour."""
    workers.tell("volumes.trash.sweep", cluster=workers.INSTALLS)


def sweep() -> None:
    """Remove for good what was thrown away, and what a crash left. Safe to run at any time."""
    _throw_away_orphans()
    make_private(folder("trash"))
    with Tree.at(folder("trash")) as trash:
        for entry in trash.list(())[0]:
            with contextlib.suppress(LightdError, OSError):  # the next sweep tries again
                trash.delete((entry.name,))


def _throw_away_orphans() -> None:
    """What has had no row for a while: what is younger may belong to a volume in the making."""
    known = {str(pk) for pk in Volume.objects.values_list("pk", flat=True)}
    left = [path for path in _paths() if _name(path) not in known and _is_old(path)]
    for name in {_name(path) for path in left}:
        # Who fills what is to replace a volume has its lock.
        with contextlib.suppress(locks.Busy), locks.held(name, wait=0) as lock:
            throw_away(draft_of(name) if "." in name else image_of(name), lock)
    for name in set(locks.names()) - known - {_name(path) for path in _paths()}:
        locks.forget(name)
    for name in known - _being_resized():
        _remove_old_draft(image_of(name))


def _remove_old_draft(image: Image) -> None:
    """What is left of an image that was cut off in the making."""
    with contextlib.suppress(locks.Busy, FileNotFoundError):
        if _changed(image.draft) < time.time() - _DRAFT_AGE:
            with locks.held(image.place.name, wait=0):
                image.draft.unlink()


def _being_resized() -> set[str]:
    unfinished = Operation.objects.filter(kind=Operation.Kind.RESIZE, status__in=Operation.UNFINISHED)
    return {str(pk) for pk in unfinished.values_list("volume_id", flat=True)}


def _paths() -> list[Path]:
    return [path for name in ("volumes", "drafts", "images") for path in folder(name).glob("*")]


def _name(path: Path) -> str:
    """Of the volume, or of what is to replace it."""
    return path.stem if path.parent.name == "images" else path.name


def _is_old(path: Path) -> bool:
    """Not what has gone since it was found: another sweep has taken it, or a restore has put it in its place."""
    age = _DRAFT_AGE if "." in _name(path) else _ORPHAN_AGE
    try:
        return _changed(path) < time.time() - age
    except FileNotFoundError:
        return False


def _changed(path: Path) -> float:
    return path.lstat().st_ctime


def folder(name: str) -> Path:
    return Path(settings.STORAGE_ROOT) / name


def make_private(path: Path) -> Path:
    """A directory that nobody but us may enter."""
    path.mkdir(mode=_PARENT_MODE, parents=True, exist_ok=True)
    return path
