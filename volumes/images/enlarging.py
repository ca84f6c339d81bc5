"""An image that is too small for what its volume is to hold: made larger as a copy, which then takes its place."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

from rules.errors import OutOfSpace
from volumes.images.checking import mend_all, refuse_damaged
from volumes.images.image import Image, put
from volumes.images.making import stretch
from volumes.images.programs import SLOW, ImageProblem, run

_PIECE = 4 << 20  # bytes

# Told how many bytes more are copied; what it raises ends the copy.
Progress = Callable[[int], None]


def enlarge(image: Image, megabytes: int, progress: Progress, lock: int) -> None:
    """Have the image, which is mounted nowhere, large enough for so many megabytes. Cut off anywhere, it is as before,
    or as it is to be."""
    try:
        _copy(image, progress)
        stretch(image, megabytes)
        mend_all(image.draft, lock)
        run("resize2fs", str(image.draft), lock=lock, timeout=SLOW)
        refuse_damaged(image.draft, lock)
        put(image.draft, image.file)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OutOfSpace("The host's disk has no room for the copy that this needs") from None
        raise
    finally:
        image.draft.unlink(missing_ok=True)


def _copy(image: Image, progress: Progress) -> None:
    """As the draft. What was never written takes no room in it either."""
    image.draft.unlink(missing_ok=True)
    with image.file.open("rb") as source, image.draft.open("xb") as target:
        os.ftruncate(target.fileno(), os.fstat(source.fileno()).st_size)
        for start, end in _written(source.fileno()):
            _copy_part(source.fileno(), target.fileno(), start, end, progress)


def _written(descriptor: int) -> Iterator[tuple[int, int]]:
    """From where to where a file has data."""
    size = os.fstat(descriptor).st_size
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return  # nothing more
            raise
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def _copy_part(source: int, target: int, start: int, end: int, progress: Progress) -> None:
    while start < end:
        copied = os.copy_file_range(source, target, min(_PIECE, end - start), start, start)
        if not copied:
            raise ImageProblem("The volume's image became shorter while it was copied")
        start += copied
        progress(copied)
