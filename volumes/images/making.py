"""A new and empty image."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile

from rules.errors import Invalid
from volumes.images.image import Image, put
from volumes.images.programs import run
from volumes.images.size import capacity_for

# The tables of inodes and the journal are written when they are used: until then they take no room on the disk.
_LAZILY = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
# The same whatever the host's mke2fs.conf has: blocks and inodes in bytes, the journal in megabytes. No blocks for
# root alone, which is who many containers run as.
_SHAPE = ("-m", "0", "-b", "4096", "-I", "256", "-i", "65536", "-J", "size=16", "-O", "^resize_inode")


def make(image: Image, megabytes: int, lock: int) -> None:
    """There all at once, or not at all."""
    image.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    image.draft.unlink(missing_ok=True)
    image.draft.touch(mode=0o600)
    stretch(image, megabytes)
    run("mkfs.ext4", "-q", "-F", *_SHAPE, "-E", _LAZILY, str(image.draft), lock=lock)
    put(image.draft, image.file)


def stretch(image: Image, megabytes: int) -> None:
    """Make the draft as long as an image for this size is."""
    os.truncate(image.draft, capacity_for(megabytes))


def refuse_too_large(folder: Path, megabytes: int) -> None:
    """Raise Invalid if there can be no image for this size in the folder: ext4 has files of 16 TiB at most."""
    try:
        with TemporaryFile(dir=folder) as probe:
            probe.truncate(capacity_for(megabytes))
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EINVAL):
            raise Invalid(f"The storage's file system takes no image for a volume of {megabytes} MB") from None
        raise
