"""Which volumes are in use by containers that run: `volumes` asks, and knows nothing of them."""

from __future__ import annotations

from containers.models import Container
from containers.states import WITH_PROCESS
from volumes.models import Volume


def running_on(volume: Volume) -> list[str]:
    """The containers on a volume that have a process, or are about to."""
    busy = Container.objects.filter(volume=volume, state__in=WITH_PROCESS)
    return list(busy.values_list("internal_id", flat=True))
