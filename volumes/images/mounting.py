"""Images mounted and unmounted."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from rules.errors import Conflict
from volumes.images.checking import mend
from volumes.images.image import Image
from volumes.images.programs import ImageProblem, ProgramFailed, run
from volumes.images.size import hold

log = logging.getLogger(__name__)

# What a container deletes is given back to the host (discard), and what it never used is never written (noinit_itable).
OPTIONS = "loop,nodev,nosuid,noatime,discard,noinit_itable"
# The users inside containers are not ours, and each has to write here; nobody on the host gets as far as this.
FILES_MODE = 0o777

_IN_USE_FOR = 3.0  # seconds that a request, or a look into a folder, may keep it
_RETRY = 0.05


class NoDevice(ImageProblem):
    """The kernel has a loop device for as many volumes as there are, and no more."""

    def __init__(self) -> None:
        super().__init__("The host has no loop device left for another volume")


def mount(image: Image, megabytes: int, lock: int) -> None:
    """Have it mounted at its place, for a volume of so many megabytes; first mended, after a power cut."""
    image.place.mkdir(exist_ok=True)
    if not image.is_mounted:
        if not devices(image.file, lock):
            mend(image.file, lock)
        _mount(image, lock)
    try:
        hold(image, megabytes)
    except Conflict:  # a change of its size was cut off, and then it was filled
        log.warning("%s has more in it than %s MB", image.file, megabytes)
    if not image.files.exists():
        _make_files(image)


def _mount(image: Image, lock: int) -> None:
    try:
        run("mount", "-t", "ext4", "-o", OPTIONS, str(image.file), str(image.place), lock=lock)
    except ProgramFailed as failed:
        _refuse_without_device(lock, failed)
        raise


def _refuse_without_device(lock: int, failed: ProgramFailed) -> None:
    """What `mount` says of it differs from version to version, and is hard to understand in each."""
    try:
        run("losetup", "--find", lock=lock)
    except ProgramFailed:
        raise NoDevice from failed


def _make_files(image: Image) -> None:
    """There with its mode, or not at all."""
    draft = image.place / "files.new"
    draft.mkdir(exist_ok=True)
    draft.chmod(FILES_MODE)  # mkdir's own mode is cut by the umask
    draft.rename(image.files)


def unmount(image: Image, lock: int) -> None:
    """Have it mounted nowhere, and no device on its file.

    Raises:
        Conflict: something uses it, here or in a container; then it is mounted as before.
    """
    until = time.monotonic() + _IN_USE_FOR
    while image.is_mounted:
        try:
            run("umount", str(image.place), lock=lock)
        except ProgramFailed as failed:
            if time.monotonic() > until:
                raise Conflict("The volume is in use: end its SFTP sessions and transfers first") from failed
            time.sleep(_RETRY)
    until = time.monotonic() + _IN_USE_FOR
    while found := devices(image.file, lock):
        if time.monotonic() > until:
            _mount(image, lock)
            raise Conflict(f"The volume is in use by a process that has {found[0]} mounted; stop its containers first")
        time.sleep(_RETRY)


def unmount_lazily(image: Image, lock: int) -> None:
    """Have it out of sight at once; it is gone when the last who uses it is."""
    while image.is_mounted:
        run("umount", "--lazy", str(image.place), lock=lock)


def devices(file: Path, lock: int) -> list[str]:
    """The loop devices on the file. Mounted once more, it is by the same one: the kernel has it once in memory."""
    if not file.exists():
        return []
    return run("losetup", "--noheadings", "--output", "NAME", "--associated", str(file), lock=lock).split()
