"""Volumes on disk: made, found, replaced, thrown away."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import User
from rules.errors import Conflict, LightdError, NotFound, Unavailable
from volumes import images, locks, quotas, trash, uses
from volumes.images import Image, support
from volumes.models import Volume
from volumes.trash import draft_of, image_of, make_private
from volumes.tree import PosixTree, Room, Tree, kernel

log = logging.getLogger(__name__)

# How often a folder is opened anew that was unmounted just then.
_TRIES = 3


# --- Making -------------------------------------------------------------------


def create(owner: User, quota_mb: int | None = None, volume_id: uuid.UUID | None = None) -> Volume:
    """A new and empty volume; without a size, of the usual one."""
    size = quota_mb or settings.VOLUME_MB
    volume = Volume(id=volume_id or uuid.uuid4(), owner=owner, quota_mb=size, storage=storage_of_new())
    if volume.is_image:
        images.refuse_too_large(make_private(image(volume).file.parent), size)
    try:
        with transaction.atomic():
            # The row first: of two at once, only one gets to the directory.
            volume.save(force_insert=True)
            quotas.refuse_one_more(volume)
            _throw_away(volume)
            # Not before: a create that is refused in the end must leave no directory. After a
            # crash in between, whoever first opens it makes it.
            transaction.on_commit(lambda: _make_or_undo(volume))
    except IntegrityError:
        raise Conflict("Volume already exists") from None
    return volume


def _make_or_undo(volume: Volume) -> None:
    """Have its files there; without room or a device for them on the host, there is no volume."""
    try:
        made(volume)
    except (LightdError, OSError) as error:
        try:
            delete(volume)
        except Conflict:  # a container is made with it: its installation tries again, and says what is the matter
            log.error("volume %s could not be made: %s", volume, error)
            return
        raise


def storage_of_new() -> Volume.Storage:
    """What is behind a new volume."""
    if settings.VOLUMES == "directories":
        return Volume.Storage.DIRECTORY
    refusal = why_not_held()
    if refusal and settings.VOLUMES == "images":
        raise Unavailable(f"LIGHTD_VOLUMES is images, but {refusal}")
    return Volume.Storage.DIRECTORY if refusal else Volume.Storage.IMAGE


def why_not_held() -> str:
    """Why the kernel does not hold the size of new volumes, and what to do; empty: it does."""
    if settings.VOLUMES == "directories":
        return "LIGHTD_VOLUMES is directories"
    return support.refusal(Path(settings.STORAGE_ROOT))


def ensure(volume_id: uuid.UUID, owner: User) -> Volume:
    """The volume of this id; a new and empty one if there is none, as Docker does it.

    Another owner's is not found, except by an administrator.
    """
    volume = Volume.objects.filter(pk=volume_id).first()
    if volume is None:
        try:
            return create(owner, volume_id=volume_id)
        except Conflict:
            volume = Volume.objects.get(pk=volume_id)  # made by another request just now
    if volume.owner_id != owner.pk and not owner.is_superuser:
        raise NotFound("Volume not found", field="volume_id")
    return volume


# --- Finding ------------------------------------------------------------------


def directory(volume: Volume) -> Path:
    """Where the volume's files are, on the host, once it is `made`."""
    one = image(volume)
    return one.files if volume.is_image else one.place


def image(volume: Volume) -> Image:
    return image_of(str(volume.pk))


def tree(volume: Volume, room: Room | None = None) -> Tree:
    """The volume's files. Whose volume it is comes before: `volumes.access`.

    Args:
        room: for what is written or removed, from `volumes.usage`; None: nothing is.
    """
    return Tree(_opened(volume), room)


def posix_tree(volume: Volume, room: Room | None = None) -> PosixTree:
    """The same, step by step."""
    return PosixTree(_opened(volume), room)


def made(volume: Volume) -> Path:
    """The volume's directory, made if it is not there, and mounted if it is an image."""
    if volume.is_image:
        return _mounted(volume)
    path = directory(volume)
    return path if path.is_dir() else make_directory(volume)


def make_directory(volume: Volume) -> Path:
    """The same; open to every user inside, as it is when it is new."""
    path = directory(volume)
    if volume.is_image:
        _mounted(volume)
    else:
        make_private(path.parent)
        path.mkdir(exist_ok=True)
    path.chmod(images.FILES_MODE)  # mkdir's own mode is cut by the umask
    return path


def _mounted(volume: Volume) -> Path:
    one = image(volume)
    if not one.is_ready:
        with locks.held(str(volume.pk)) as lock:
            mount(volume, lock)
    return one.files


def mount(volume: Volume, lock: int) -> None:
    """Have its image made and mounted, by who has the volume's lock."""
    one = image(volume)
    if one.is_ready:
        return
    make_private(one.place.parent)
    # As it is now: who asks may have read the row before it was resized.
    try:
        volume.refresh_from_db(fields=["quota_mb"])
    except Volume.DoesNotExist:
        raise NotFound("Volume not found") from None
    if not one.file.exists():
        _refuse_lost(one)
        images.make(one, size_of(volume), lock)
    images.mount(one, size_of(volume), lock)


def _refuse_lost(one: Image) -> None:
    """The folder is made when the image is first mounted on it: with the folder alone, the image was lost."""
    if one.place.exists():
        raise images.ImageProblem(
            f"The volume's image is missing: put {one.file} back, or remove {one.place} to begin with an empty volume"
        )


def size_of(volume: Volume) -> int:
    """Megabytes of one that has a size, as each image does."""
    return volume.quota_mb or settings.VOLUME_MB


def _opened(volume: Volume) -> int:
    """A descriptor of the volume's folder."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # unmounted since: by who resizes or restores it
            return os.open(made(volume), kernel.FOLDER | os.O_NOFOLLOW)
    raise locks.Busy


@contextmanager
def kept(volume: Volume) -> Iterator[Path]:
    """The volume's directory, which nobody resizes or replaces while a process is begun on it."""
    if volume.is_image and not image(volume).is_ready and not locks.is_free(str(volume.pk)):
        raise locks.Busy  # at once: a worker that waits for a resize could end somebody's process meanwhile
    made(volume)
    with locks.held(str(volume.pk), shared=True):
        if volume.is_image and not image(volume).is_ready:
            raise locks.Busy  # unmounted just before
        yield directory(volume)


def holds_volumes() -> bool:
    """Whether there is a volume on disk, with a row or without."""
    return any(True for name in ("volumes", "images") for _ in trash.folder(name).glob("*"))


def mount_all() -> None:
    """Have all images mounted, as after the host has started. One that cannot be keeps none of the others."""
    volumes = list(Volume.objects.filter(storage=Volume.Storage.IMAGE))
    waiting = [volume for volume in volumes if not image(volume).is_ready]
    failed = sum(not _is_mounted_now(volume) for volume in waiting)
    log.info("volumes: %s images mounted now, %s before", len(waiting) - failed, len(volumes) - len(waiting))


def _is_mounted_now(volume: Volume) -> bool:
    try:
        made(volume)
    except (LightdError, OSError) as error:
        log.error("volume %s is not mounted: %s", volume, error)
        return False
    return True


# --- Replacing ----------------------------------------------------------------


@dataclass(frozen=True)
class Replacement:
    """Empty storage beside a volume, of its kind and size: to be filled, and then put in its place."""

    name: str
    is_image: bool
    size_mb: int | None

    def tree(self, room: Room | None = None) -> Tree:
        """Its files. Closed before it is put in the volume's place."""
        return Tree(os.open(self.directory, kernel.FOLDER | os.O_NOFOLLOW), room)

    @property
    def directory(self) -> Path:
        beside = draft_of(self.name)
        return beside.files if self.is_image else beside.place


@contextmanager
def replacement(volume: Volume) -> Iterator[Replacement]:
    """What is to replace all that is in the volume. It is gone at the end of the block; swapped, what was there before.

    Of a process that was killed in the block, `trash.sweep` finds it.
    """
    new = Replacement(f"{volume.pk}.{secrets.token_hex(8)}", volume.is_image, volume.quota_mb)
    with locks.held(new.name) as lock:
        try:
            _make_empty(new, volume, lock)
            yield new
        finally:
            trash.throw_away(draft_of(new.name), lock)
            trash.ask_to_sweep()
    locks.forget(new.name)


def _make_empty(new: Replacement, volume: Volume, lock: int) -> None:
    beside = draft_of(new.name)
    make_private(beside.place.parent)
    beside.place.mkdir()
    if new.is_image:
        images.make(beside, size_of(volume), lock)
        images.mount(beside, size_of(volume), lock)
    else:
        beside.place.chmod(images.FILES_MODE)


def swap(volume: Volume, new: Replacement) -> None:
    """Put the replacement in the volume's place, in one step: cut off anywhere, the volume is the one or the other.

    Raises:
        Conflict: something uses the volume, or it has another size by now; then all is as before.
    """
    with locks.held(str(volume.pk)) as lock:
        uses.refuse_running(volume)
        now = Volume.objects.get(pk=volume.pk)
        if (now.is_image, now.quota_mb) != (new.is_image, new.size_mb):
            raise Conflict("The volume got another size meanwhile; begin again")
        if new.is_image:
            _swap_images(now, draft_of(new.name), lock)
        else:
            kernel.exchange(make_directory(now), new.directory)
            images.flush(directory(now).parent)


def _swap_images(volume: Volume, beside: Image, lock: int) -> None:
    one = image(volume)
    mount(volume, lock)  # makes it, should it never have been opened
    images.unmount(one, lock)
    try:
        images.unmount(beside, lock)
        images.flush(beside.file)
        kernel.exchange(one.file, beside.file)
        images.flush(one.file.parent)
    finally:
        images.mount(one, size_of(volume), lock)


# --- Throwing away --------------------------------------------------------------


def delete(volume: Volume) -> None:
    """Remove the volume and, once that is committed, its files.

    A crash in between leaves a directory without a row, which nobody can reach and `trash.sweep` removes.
    """
    inode = _inode(volume)
    gone = Volume(pk=volume.pk, storage=volume.storage)
    try:
        with transaction.atomic():
            volume.backups.update(owner=volume.owner_id)  # from here on they are found by it
            volume.delete()
            transaction.on_commit(lambda: _remove_files(gone, inode))
    except ProtectedError as error:
        users = ", ".join(sorted(str(user) for user in error.protected_objects))
        raise Conflict(f"Volume is in use by {users}") from None


def _remove_files(volume: Volume, inode: int | None) -> None:
    try:
        with locks.held(str(volume.pk)) as lock:
            # By now there may be a new volume of this id.
            if inode is not None and _inode(volume) == inode:
                trash.throw_away(image(volume), lock)
    except (LightdError, OSError) as error:  # the row is gone: a sweep finds them
        log.warning("the files of volume %s stay for now: %s", volume, error)
    trash.ask_to_sweep()


def _throw_away(volume: Volume) -> None:
    with locks.held(str(volume.pk)) as lock:
        trash.throw_away(image(volume), lock)


def _inode(volume: Volume) -> int | None:
    """What tells one volume's files from those of the next one of its id."""
    one = image(volume)
    try:
        return (one.file if volume.is_image else one.place).lstat().st_ino
    except FileNotFoundError:
        return None
