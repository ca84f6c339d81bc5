"""Making a Docker container for a row: used by install and rebind alike, so that both set the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from containers import mounts
from containers.engine import client as engine
from containers.engine.config import container_config
from containers.engine.errors import EngineRefused
from containers.instance import instance_id
from containers.jobs import files, queue
from containers.jobs.launch import explain
from containers.models import Container, Job
from ports.pool import Binding

# Settings that Docker cannot change in a container that exists, or not all the ways.
SETTINGS = ("mount", "memory", "cpu", "resources")


def make(job: Job, image: str, bindings: Sequence[Binding], volumes: Mapping[str, str] | None = None) -> str:
    """Docker's id of the container that `job` makes: the one it made already, if it was cut off after that."""
    made = engine.made_by(instance_id(), job.id)
    if made:
        return made
    container = copy(job.container)
    container.mount = mounts.resolve_present(container.mount)
    files.prepare(container)
    config = container_config(container, bindings, image=image, instance=instance_id(), job_id=job.id, volumes=volumes)
    queue.remember(job, {"made_from": settings_of(job.container)})
    try:
        return engine.create(name(container, job), config)
    except EngineRefused as refused:
        raise EngineRefused(explain(refused.sentence)) from refused


def settings_of(container: Container) -> dict[str, Any]:
    return {name: getattr(container, name) for name in SETTINGS}


def is_stale(job: Job) -> bool:
    """Whether the container that `job` made is not as the row says: that may have been changed while it was being made.
    In the caller's transaction, for which the row stays as it is."""
    row = Container.objects.select_for_update().get(pk=job.container_id)
    return row.stale and settings_of(row) != job.args.get("made_from")


def name(container: Container, job: Job) -> str:
    """A name that people recognise in `docker ps`; unique, since old and new live side by side during a rebind."""
    return f"lightd-{container.internal_id}-{job.id.hex[:8]}"
