"""Removes what deleted containers leave: their directory and the images of their file system."""

from __future__ import annotations

import shutil
from uuid import UUID

from containers.engine import client as engine
from containers.models import Container, containers_root
from work import workers


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
            engine.remove_images(f"lightd/{directory.name}")
            shutil.rmtree(directory)


def is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
