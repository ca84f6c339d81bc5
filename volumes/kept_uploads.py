"""Uploads that were broken off: what has come of one is kept for as long as its client may go on with it."""

from __future__ import annotations

import logging
import time

from rules.errors import LightdError, NotFound
from volumes import storage, usage
from volumes.models import Volume
from work import workers

log = logging.getLogger(__name__)

KEEP = 7 * 24 * 3600  # seconds since the last byte came


def ask_to_sweep() -> None:
    """Have a worker do it. Lost on the way, the supervisor asks for it within the hour."""
    workers.tell("volumes.kept_uploads.sweep", cluster=workers.INSTALLS)


def sweep() -> None:
    """Delete what nobody has gone on with. In each volume one folder is looked at; none is mounted for it."""
    long_ago = time.time() - KEEP
    for volume in Volume.objects.iterator():
        if not volume.is_image or storage.image(volume).is_ready:
            _sweep(volume, long_ago)


def _sweep(volume: Volume, long_ago: float) -> None:
    try:
        with usage.counting(volume) as room, storage.tree(volume, room) as tree:
            tree.forget_kept_before(long_ago)
    except NotFound:
        return  # no upload is kept
    except (LightdError, OSError) as error:
        log.warning("uploads stay in volume %s for now: %s", volume, error)
