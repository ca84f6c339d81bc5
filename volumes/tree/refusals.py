"""What the file system refuses, in a sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rules.errors import Conflict, Forbidden, Invalid, LightdError, NotFound, OutOfSpace
from volumes.tree.names import TRAVERSAL, Place, path_of

_SENTENCES: dict[int, Callable[[str], LightdError]] = {
    errno.ENOENT: lambda path: NotFound(f"File not found: {path}"),
    errno.EEXIST: lambda path: Conflict(f"File already exists at path: {path}"),
    errno.ENOTDIR: lambda path: Invalid(f"Not a folder: {path}"),
    errno.EISDIR: lambda path: Invalid(f"This is a folder: {path}"),
    errno.ELOOP: lambda path: Invalid(f"Links are not followed: {path}"),
    errno.EXDEV: lambda path: Invalid(TRAVERSAL),
    errno.ENAMETOOLONG: lambda path: Invalid("Invalid path: it is too long"),
    errno.EACCES: lambda path: Forbidden(f"The file system does not allow this: {path}"),
    errno.EPERM: lambda path: Forbidden(f"The file system does not allow this: {path}"),
    errno.EROFS: lambda path: Forbidden(f"The file system does not allow this: {path}"),
    errno.ETXTBSY: lambda path: Conflict(f"This program is running: {path}"),
    errno.ENOTEMPTY: lambda path: Conflict(f"It changed meanwhile: {path}"),
    errno.EINVAL: lambda path: Conflict(f"It changed meanwhile: {path}"),  # was a link, and is none
    errno.ENOSPC: lambda path: OutOfSpace("The volume is full"),
    errno.EDQUOT: lambda path: OutOfSpace("The volume is full"),
    errno.EFBIG: lambda path: OutOfSpace("The file is larger than the volume allows"),
}


@contextmanager
def about(place: Place) -> Iterator[None]:
    """What the kernel refuses in here is refused to the caller, naming the place."""
    try:
        yield
    except OSError as error:
        refusal = _SENTENCES.get(error.errno or 0)
        if refusal is None:
            raise
        raise refusal(path_of(place)) from None


def again(number: int) -> OSError:
    """The kernel's error of this number, where it is we who refuse."""
    return OSError(number, os.strerror(number))
