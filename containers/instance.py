"""Which installation of ours a Docker container belongs to: several may share one engine."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

from containers.models import Container, Installation
from rules.once import put_once
from volumes import storage
from volumes.models import Volume

_HINT = "set DATABASE_URL and LIGHTD_STORAGE_ROOT to two that belong together"


class Foreign(Exception):
    """Database and storage root are of two installations. What to do is in the message."""


@cache
def instance_id() -> str:
    """The id of this installation, made once and kept in the storage root."""
    return _in_root()


def _in_root() -> str:
    path = _path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        put_once(path, secrets.token_hex(8).encode())
    return path.read_text().strip()


def refuse_foreign() -> None:
    """Make sure that the database belongs to the storage root; a new one does from now on.

    What has no row is removed from disk and from Docker, as the rest of something that was cut off. With the rows of
    another installation, or none, that would be everything.

    Raises:
        Foreign: it does not.
    """
    root, bound = settings.STORAGE_ROOT, Installation.objects.first()
    if bound is None:
        if storage.holds_volumes() and not (Volume.objects.exists() or Container.objects.exists()):
            raise Foreign(f"{root} holds the volumes of an installation that this database knows nothing of: {_HINT}")
        Installation.objects.get_or_create(pk=_in_root())
    elif not _path().exists():
        raise Foreign(f"This database belongs to a storage root that is not at {root}: mount its disk, or {_HINT}")
    elif bound.pk != _in_root():
        raise Foreign(f"This database does not belong to the storage root {root}: {_HINT}")


def _path() -> Path:
    return Path(settings.STORAGE_ROOT) / "instance"
