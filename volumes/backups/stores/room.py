"""What a disk says that backups are written to and that is full."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from rules.errors import OutOfSpace


@contextmanager
def room() -> Iterator[None]:
    """In here what there is no room for is refused, in a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace("There is no room left where backups are kept") from None
        raise
