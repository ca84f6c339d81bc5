"""Removes what deleted containers leave: their directory and the images of their file system."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from uuid import UUID

from containers.engine import client as engine
from containers.engine.errors import EngineRefused
from containers.models import Container, containers_root
from work import workers

log = logging.getLogger(__name__)


def ask_to_sweep() -> None:
    """Have a worker remove them. Lost on the way, the supervisor asks for it within the hour."""
    workers.tell("containers.jobs.cleanup.remove_leftovers", cluster=workers.POWER)


def remove_leftovers() -> None:
    """Remove every container directory that has no row. Looks for all, so that a lost call is made up by the next."""
    root = containers_root()
    # Before the rows: a directory that is made meanwhile belongs to a row that is younger.
    directories = list(root.iterdir()) if root.is_dir() else []
    known = {str(pk) for pk in Container.objects.values_list("pk", flat=True)}
    for directory in directories:
        if directory.name not in known and is_uuid(directory.name):
            remove_leftover(directory)


def remove_leftover(directory: Path) -> None:
    """What cannot be removed keeps nothing else from it. An engine that is away does: it would be waited for anew."""
    try:
        engine.remove_images(f"lightd/{directory.name}")
        shutil.rmtree(directory)
    except (EngineRefused, OSError) as error:
        log.warning("%s stays until the next sweep: %s", directory, error)


def is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
