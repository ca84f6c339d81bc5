"""Where backups lie: a folder of this host, or a bucket of any store that speaks S3. Both can do the same few things.

A store knows names and bytes. A name begins with the id of its backup, so all that there is of one can be cleared away,
also by whoever does not know how far its worker had come.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from django.conf import settings

from rules.errors import Unavailable
from volumes.backups.models import Backup


class NewFile(Protocol):
    """A file in the making. Nobody sees it before it is finished; left unfinished, it is cleared away."""

    def write(self, data: bytes) -> None: ...
    def finish(self) -> None:
        """Have all of it there, for good."""


class Store(Protocol):
    def new_file(self, name: str) -> AbstractContextManager[NewFile]: ...

    def read(self, name: str, start: int = 0, end: int | None = None) -> Generator[bytes, None, None]:
        """Its bytes from `start` on, `end` not included, in pieces. Raises `NotFound` before the first one."""

    def fetch(self, name: str, note: Callable[[int], None]) -> int:
        """A descriptor of all of it on this host. `note` is told the bytes that come from elsewhere, as they come."""

    def clear(self, beginning: str) -> None:
        """Remove every file whose name begins so, finished or not."""

    def free(self) -> int | None:
        """Bytes that there is room for; None where nobody knows."""


def chosen() -> Backup.Store:
    """The one that new backups go to."""
    return Backup.Store.S3 if settings.S3_BUCKET else Backup.Store.LOCAL


def store_of(backup: Backup) -> Store:
    """Each kind is loaded where it is used: there are many processes, and a client of S3 takes memory in each."""
    if backup.store == Backup.Store.LOCAL:
        from volumes.backups.stores.local import LocalStore

        return LocalStore(Path(settings.BACKUP_ROOT))
    if not settings.S3_BUCKET:
        raise Unavailable("This backup is in a store that is not configured any more (LIGHTD_S3_BUCKET)")
    from volumes.backups.stores.s3 import S3Store

    return S3Store.configured()
