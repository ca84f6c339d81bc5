"""What was used in the past, for charts."""

from tests.e2e.server import Lightd

CODE = """
from datetime import timedelta
from django.utils import timezone
from containers.models import Container, Sample
container = Container.objects.filter(internal_id={internal_id!r}).first()
Sample.objects.filter(container=container).delete()  # the server's own, where it is that old
minute = timezone.now().replace(second=0, microsecond=0)
Sample.objects.bulk_create(
    Sample(
        container=container, span=60, at=minute - timedelta(minutes=ago), cpu_average=20 + ago, cpu_highest=60 + ago,
        memory_average=(100 + ago) << 20, memory_highest=200 << 20, disk=300 << 20,
        network_rx=60 << 10, network_tx=120 << 10, block_read=0, block_write=60 << 20,
    )
    for ago in range({begin}, {end})
)
"""


def add_samples(lightd: Lightd, internal_id: str | None, begin: int = 5, end: int = 40) -> None:
    """A sample for each minute from ``begin`` to ``end`` minutes ago: of a container, or of the host."""
    lightd.manage("shell", "-v", "0", "-c", CODE.format(internal_id=internal_id, begin=begin, end=end))
