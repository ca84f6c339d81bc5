"""Images: mounted when they are needed, mended, and nowhere when they are gone."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from accounts.models import User
from rules.errors import Unavailable
from tests.mounts import break_image, mounts_below, unmount_below
from tests.volumes.conftest import names, volume_with
from tests.waiting import wait_until
from volumes import images as volume_images
from volumes import locks, storage
from volumes.models import Volume
from volumes.trash import sweep

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def volume(alice: User, images: None) -> Volume:
    return volume_with(alice, "world", b"content")


@pytest.fixture
def _eight_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 8 * 24 * 3600)


def left(storage_root: Path) -> list[str]:
    """What is there of volumes, but for the locks."""
    return [path.name for name in ("volumes", "images", "drafts", "trash") for path in (storage_root / name).glob("*")]


def test_whoever_opens_it_first_has_it_mounted(volume: Volume, storage_root: Path) -> None:
    unmount_below(storage_root)

    with storage.tree(volume) as tree:
        assert names(tree) == ["world"]


def test_nothing_is_ever_written_where_it_should_be_mounted(volume: Volume, storage_root: Path) -> None:
    unmount_below(storage_root)

    assert list(storage.image(volume).place.iterdir()) == []
    assert not storage.directory(volume).exists()


def test_one_that_was_lost_is_not_replaced_by_an_empty_one(volume: Volume, storage_root: Path) -> None:
    one = storage.image(volume)
    unmount_below(storage_root)
    elsewhere = one.file.rename(storage_root / "elsewhere.ext4")

    with pytest.raises(Unavailable, match=f"image is missing: put {one.file} back"):
        storage.tree(volume)
    elsewhere.rename(one.file)

    with storage.tree(volume) as tree:
        assert names(tree) == ["world"]


def test_it_is_mounted_without_what_could_harm_the_host(volume: Volume) -> None:
    place = str(storage.image(volume).place)
    options = next(line.split()[3] for line in Path("/proc/mounts").read_text().splitlines() if place in line)

    assert {"nodev", "nosuid", "noatime", "discard"} <= set(options.split(","))
    assert storage.directory(volume).stat().st_mode & 0o777 == 0o777
    assert storage.image(volume).ballast.stat().st_mode & 0o777 == 0o600


def test_empty_it_takes_no_room_on_the_host(alice: User, images: None) -> None:
    file = storage.image(storage.create(alice, quota_mb=1024)).file

    assert file.stat().st_size >= 1024 << 20
    assert file.stat().st_blocks * 512 < 3 << 20


def test_what_is_deleted_in_it_is_given_back_to_the_host(volume: Volume) -> None:
    file = storage.image(volume).file
    world = storage.directory(volume) / "world"
    world.write_bytes(os.urandom(20 << 20))
    os.sync()
    assert file.stat().st_blocks * 512 > 20 << 20

    world.unlink()
    with storage.tree(volume) as tree:
        tree.flush()

    wait_until(lambda: file.stat().st_blocks * 512 < 5 << 20, 20, "the host has it back")


def test_one_that_is_broken_keeps_no_other_from_being_mounted(
    alice: User, volume: Volume, storage_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = storage.create(alice, quota_mb=64)
    unmount_below(storage_root)
    break_image(storage.image(volume).file)

    storage.mount_all()

    assert mounts_below(storage_root) == [str(storage.image(other).place)]
    assert f"volume {volume} is not mounted: The volume's image is damaged" in caplog.text
    with pytest.raises(Unavailable, match="damaged"):
        storage.tree(volume)


def test_two_that_need_it_at_once_mount_it_once(volume: Volume, storage_root: Path) -> None:
    unmount_below(storage_root)
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            _open_and_exit(volume)
        children.append(child)

    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert len(mounts_below(storage_root)) == 1


def _open_and_exit(volume: Volume) -> None:
    status = 1
    try:
        with locks.held(str(volume.pk)) as lock:
            image = storage.image(volume)
            if not image.is_ready:
                volume_images.mount(image, 64, lock)
        status = 0
    finally:
        os._exit(status)


def test_deleted_it_is_mounted_nowhere_and_gone(volume: Volume, storage_root: Path) -> None:
    storage.delete(volume)
    assert mounts_below(storage_root) == []

    sweep()
    assert left(storage_root) == []


def test_deleted_while_somebody_reads_it_is_out_of_sight_at_once(volume: Volume, storage_root: Path) -> None:
    with storage.tree(volume) as tree:
        storage.delete(volume)
        sweep()

        assert left(storage_root) == []
        assert names(tree) == ["world"]


def test_a_new_one_of_the_same_id_stays_when_the_old_one_goes(alice: User, volume: Volume) -> None:
    volume_id = volume.pk
    with transaction.atomic():
        storage.delete(volume)
        new = storage.create(alice, quota_mb=64, volume_id=volume_id)

    with storage.tree(new) as tree:
        assert names(tree) == []


@pytest.mark.usefixtures("_eight_days_later")
def test_the_sweep_finds_what_a_crash_left(alice: User, volume: Volume, storage_root: Path) -> None:
    """A mounted one without a row, one that was to be a replacement, and one that was not finished."""
    orphan = storage.create(alice, quota_mb=64)
    Volume.objects.filter(pk=orphan.pk).delete()
    in_a_process_that_dies(volume)
    storage.image(volume).draft.write_bytes(b"half")
    assert len(mounts_below(storage_root)) == 3

    sweep()

    assert mounts_below(storage_root) == [str(storage.image(volume).place)]
    assert left(storage_root) == [str(volume.pk), f"{volume.pk}.ext4"]
    assert locks.names() == [str(volume.pk)]


@pytest.mark.usefixtures("_eight_days_later")
def test_the_sweep_leaves_what_somebody_is_at_work_on(volume: Volume, storage_root: Path) -> None:
    with storage.replacement(volume) as new:
        sweep()

        assert new.directory.is_dir()
        assert len(mounts_below(storage_root)) == 2


def in_a_process_that_dies(volume: Volume) -> None:
    child = os.fork()
    if child == 0:
        for _ in held_for_ever(volume):
            os._exit(0)
    os.waitpid(child, 0)


def held_for_ever(volume: Volume) -> Iterator[None]:
    with storage.replacement(volume):
        yield
