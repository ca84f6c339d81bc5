"""Sizes of volumes: rarely measured, never followed out of the volume; of an image, as the kernel knows it."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
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
from tests.mounts import require_root, unmount_below
from tests.waiting import wait_until
from volumes import images, storage
from volumes.images import Image
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


@pytest.mark.parametrize(
    ("took", "pause"),
    [(1.0, disk.PACE), (disk.AT_MOST, disk.AT_MOST * disk.SHARE)],
)
def test_what_takes_long_is_measured_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, took: float, pause: float
) -> None:
    now = 10_000.0

    def take_its_time(sizes: Sizes, path: Path) -> int:
        nonlocal now
        now += took
        return 4096

    monkeypatch.setattr(disk, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(Sizes, "size", take_its_time)
    sizes, container = Sizes(), uuid4()

    sizes.measure(container, tmp_path)

    now += pause - 1
    assert sizes.next_due([container]) is None
    now += 2
    assert sizes.next_due([container]) == container


def test_one_that_takes_too_long_now_is_as_it_was_measured_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, container = Sizes(), uuid4()
    measured = sizes.measure(container, tmp_path)
    assert measured

    monkeypatch.setattr(disk, "DU", ("false",))

    assert sizes.measure(container, tmp_path) is None
    assert sizes.of(container) == measured


def test_what_does_not_run_any_more_is_forgotten_when_its_time_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "PACE", 0.0)
    monkeypatch.setattr(disk, "SHARE", 0)
    sizes, gone, running = Sizes(), uuid4(), uuid4()
    for container in (gone, running):
        sizes.measure(container, tmp_path)

    sizes.keep_only([running])

    assert sizes.of(gone) == 0
    assert sizes.of(running) > 0


# --- In an image ------------------------------------------------------------------


@pytest.fixture
def image(alice: User, tmp_path: Path, settings: Settings) -> Iterator[Image]:
    """Of a volume of 64 MB, mounted."""
    require_root()
    settings.STORAGE_ROOT, settings.VOLUMES = tmp_path / "var", "images"
    yield storage.image(storage.create(alice, quota_mb=64))
    unmount_below(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_one_in_an_image_is_never_measured_and_is_known_at_any_moment(image: Image) -> None:
    sizes, container = Sizes(), uuid4()
    sizes.follow(container, image)
    assert sizes.next_due([container]) is None
    empty = sizes.of(container)

    (image.files / "data").write_bytes(b"x" * 3_000_000)
    os.sync()

    assert 3_000_000 <= sizes.of(container) - empty < 3_200_000


@pytest.mark.django_db(transaction=True)
def test_while_its_image_is_unmounted_it_is_as_it_was_last(image: Image, tmp_path: Path) -> None:
    sizes, container = Sizes(), uuid4()
    sizes.follow(container, image)
    (image.files / "data").write_bytes(b"x" * 3_000_000)
    os.sync()
    before = sizes.of(container)

    unmount_below(tmp_path)

    assert sizes.of(container) == before >= 3_000_000


@pytest.mark.django_db(transaction=True)
def test_one_in_an_image_that_does_not_run_any_more_is_forgotten(image: Image) -> None:
    sizes, container = Sizes(), uuid4()
    sizes.follow(container, image)
    (image.files / "data").write_bytes(b"x" * 3_000_000)
    os.sync()
    assert sizes.of(container) > 0

    sizes.keep_only([])

    assert sizes.of(container) == 0
    assert sizes.next_due([container]) == container


# --- In the volume's row ------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_the_kernel_is_asked_about_an_image_and_not_du(
    alice: User, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "DU", ("sh", "-c", "echo '4096\t.'"))
    volume = await Volume.objects.aget()
    container = await Container.objects.acreate(internal_id="web-1", owner=alice, volume=volume)
    asking = AsyncEngine("none")
    stats = Stats(asking, in_database, send_nowhere)
    stats.began(container.pk, "docker-id")

    await stats.measure_a_disk()

    assert stats._sizes.of(container.pk) == images.used(image)
    await volume.arefresh_from_db()
    assert volume.measured_bytes is None
    await stats.close()
    await asking.close()


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
