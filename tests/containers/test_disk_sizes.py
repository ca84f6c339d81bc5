"""Sizes of volumes: rarely measured, never followed out of the volume."""

import threading
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.models import User
from containers.engine.watch import AsyncEngine
from containers.models import Container
from containers.sockets.groups import StatsMessage
from containers.supervisor import disk
from containers.supervisor.disk import Sizes
from containers.supervisor.stats import Stats
from tests.in_database import in_database
from tests.waiting import wait_until
from volumes.models import Volume


def test_a_volume_has_the_size_of_its_files_and_of_nothing_they_link_to(tmp_path: Path) -> None:
    (tmp_path / "volume/folder").mkdir(parents=True)
    (tmp_path / "volume/folder/data").write_bytes(b"x" * 300_000)
    (tmp_path / "outside").write_bytes(b"x" * 5_000_000)
    (tmp_path / "volume/link").symlink_to(tmp_path / "outside")

    assert 300_000 <= (Sizes().size(tmp_path / "volume") or 0) < 400_000


def test_one_that_takes_too_long_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "AT_MOST", 0.1)
    monkeypatch.setattr(disk, "DU", ("sh", "-c", "sleep 5; echo 1"))

    sizes, container = Sizes(), uuid4()
    assert sizes.measure(container, tmp_path) is None
    assert sizes.of(container) == 0


def test_one_under_way_is_ended_with_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "DU", ("sh", "-c", "exec sleep 60"))
    sizes = Sizes()
    measuring = threading.Thread(target=sizes.size, args=[tmp_path])
    measuring.start()

    def ended() -> bool:
        sizes.stop()
        return not measuring.is_alive()

    wait_until(ended, 10, "the measurement has ended")


def test_each_is_measured_once_in_a_while(tmp_path: Path) -> None:
    first, second = uuid4(), uuid4()
    sizes = Sizes()

    for _ in range(2):
        due = sizes.next_due([first, second])
        assert due
        sizes.measure(due, tmp_path)

    assert sizes.next_due([first, second]) is None
    assert sizes.of(first) == sizes.of(second) > 0


def test_starting_again_and_again_measures_no_more_often(tmp_path: Path) -> None:
    container = uuid4()
    sizes = Sizes()
    sizes.measure(container, tmp_path)

    sizes.keep_only([])

    assert sizes.next_due([container]) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("du", "seconds", "used"), [("exec sleep 60", 0.5, 12345), ("echo '4096\t.'", disk.AT_MOST, 4096)]
)
async def test_a_volume_s_row_has_only_what_was_measured(
    alice: User, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, du: str, seconds: float, used: int
) -> None:
    settings.STORAGE_ROOT = tmp_path
    volume = await Volume.objects.acreate(owner=alice, measured_bytes=12345)
    container = await Container.objects.acreate(internal_id="web-1", owner=alice, volume=volume)
    monkeypatch.setattr(disk, "AT_MOST", seconds)
    monkeypatch.setattr(disk, "DU", ("sh", "-c", du))
    asking = AsyncEngine("none")
    stats = Stats(asking, in_database, send_nowhere)
    stats.began(container.pk, "docker-id")

    await stats.measure_a_disk()

    await volume.arefresh_from_db()
    assert volume.measured_bytes == used
    await stats.close()
    await asking.close()


async def send_nowhere(message: StatsMessage) -> None:
    """Nobody watches."""
