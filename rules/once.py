"""Files that are there whole or not at all, and that nobody else may read."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def put_once(path: Path, content: bytes) -> None:
    """Make the file. Of two processes that make it at once, both find the same: a link fails if the name is taken."""
    with _draft(path, content) as draft, suppress(FileExistsError):
        os.link(draft, path)


def put(path: Path, content: bytes) -> None:
    """Make the file, in the place of one that is there."""
    with _draft(path, content) as draft:
        draft.replace(path)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside it that is on the disk, and gone afterwards unless it was moved."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
