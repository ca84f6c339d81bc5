"""What a backup has in it, and when it is one."""

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from rules.errors import Conflict
from tests.mounts import disk_of
from tests.people import actor
from tests.volumes.archives import picture
from tests.volumes.backups.working import made, worked
from tests.volumes.conftest import nest
from volumes import storage
from volumes.archives.formats import zstd
from volumes.backups import lifecycle
from volumes.models import Backup, Volume
from volumes.operations import asking

pytestmark = pytest.mark.django_db(transaction=True)


def names_in(backup_root: Path, backup: Backup) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress((backup_root / backup.file).read_bytes()))) as tar:
        return set(tar.getnames())


def test_a_good_one_is_in_its_store_with_its_checksum_and_size(
    alice: User, volume: Volume, folder: Path, backup_root: Path
) -> None:
    backup = made(alice, volume)

    content = (backup_root / backup.file).read_bytes()
    assert (backup.status, backup.error) == ("good", "")
    assert (backup.sha256, backup.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert backup.entries == len(picture(folder))
    assert backup.finished_at is not None
    assert [path.name for path in backup_root.iterdir()] == [backup.file]
    assert stat.S_IMODE(backup_root.stat().st_mode) == 0o700
    assert stat.S_IMODE((backup_root / backup.file).stat().st_mode) == 0o600
    assert backup.operation
    backup.operation.refresh_from_db()
    assert (backup.operation.status, backup.operation.result["size"]) == ("done", backup.size)


def test_it_is_called_after_its_volume_and_the_time(alice: User, volume: Volume) -> None:
    backup = lifecycle.create(actor(alice), str(volume.pk))

    assert backup.name == f"{str(volume.pk)[:8]}-{backup.created_at:%Y-%m-%dT%H-%M-%SZ}"


def test_it_is_not_good_before_a_worker_was_there(alice: User, volume: Volume) -> None:
    backup = lifecycle.create(actor(alice), str(volume.pk), "by hand")

    assert (backup.name, backup.status, backup.file) == ("by hand", "making", "")
    with pytest.raises(Conflict, match="still being made"):
        lifecycle.find_good(actor(alice), str(backup.pk))
    with pytest.raises(Conflict, match="still being made"):
        lifecycle.delete(actor(alice), str(backup.pk))


def test_what_the_volume_ignores_is_left_out(alice: User, volume: Volume, folder: Path, backup_root: Path) -> None:
    (folder / ".lightdignore").write_text("# made anew by itself\nworld/\n!world/3/chunk\n/latest\n*.log\n")
    (folder / "logs").mkdir()
    (folder / "logs/today.log").write_text("…")

    backup = made(alice, volume)

    assert names_in(backup_root, backup) == {
        "start.sh",
        "World",
        "outside",
        "empty",
        "caf\udce9",
        "logs",
        ".lightdignore",
        "world/3/chunk",
    }


def test_what_no_archive_can_have_is_counted(alice: User, volume: Volume, folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    backup = made(alice, volume)

    assert (backup.status, backup.left_out) == ("good", 1)


def test_cancelled_it_has_failed_and_nothing_is_left(
    alice: User, volume: Volume, folder: Path, backup_root: Path
) -> None:
    backup = lifecycle.create(actor(alice), str(volume.pk))
    asking.cancel(actor(alice), str(volume.pk), str(backup.operation_id))

    worked(backup)

    assert (backup.status, backup.error) == ("failed", "It was cancelled")
    assert not backup_root.exists() or not list(backup_root.iterdir())


def test_of_a_volume_that_was_deleted_meanwhile(alice: User, volume: Volume, folder: Path) -> None:
    backup = lifecycle.create(actor(alice), str(volume.pk))
    storage.delete(volume)

    worked(backup)

    assert (backup.status, backup.error, backup.volume_id) == ("failed", "The volume was deleted meanwhile", None)


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A place for backups of two megabytes."""
    with disk_of(tmp_path / "small", "2m") as disk:
        settings.BACKUP_ROOT = disk
        yield disk


def test_without_room_none_is_begun(alice: User, volume: Volume, folder: Path, small_disk: Path) -> None:
    (folder / "large").write_bytes(os.urandom(4 << 20))

    backup = made(alice, volume)

    assert backup.status == "failed"
    assert backup.error.startswith("There is no room where backups are kept: 7 MB are to be packed")
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_becomes_full_meanwhile(
    alice: User, volume: Volume, folder: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "large").write_bytes(os.urandom(4 << 20))
    monkeypatch.setattr("volumes.backups.stores.local.LocalStore.free", lambda store: 1 << 30)

    backup = made(alice, volume)

    assert (backup.status, backup.error) == ("failed", "There is no room left where backups are kept")
    assert list(small_disk.iterdir()) == []


def test_a_volume_has_so_many(alice: User, volume: Volume, folder: Path, settings: Settings) -> None:
    settings.BACKUPS_PER_VOLUME = 2
    first = made(alice, volume)
    lifecycle.create(actor(alice), str(volume.pk))

    with pytest.raises(Conflict, match="The volume has as many backups as it may have, 2; delete one first"):
        lifecycle.create(actor(alice), str(volume.pk))

    lifecycle.delete(actor(alice), str(first.pk))
    lifecycle.create(actor(alice), str(volume.pk))


def test_all_of_a_user_have_so_many_bytes(
    alice: User, volume: Volume, folder: Path, settings: Settings, backup_root: Path
) -> None:
    first = made(alice, volume)
    (folder / "large").write_bytes(os.urandom(1 << 20))
    settings.BACKUPS_USER_MB = 1

    backup = made(alice, volume)

    assert backup.error == "The backups of one user's volumes may have 1 MB together; delete some first"
    assert [path.name for path in backup_root.iterdir()] == [first.file]


def test_a_failed_one_can_be_deleted(alice: User, volume: Volume, folder: Path) -> None:
    (folder / ".lightdignore").write_text("x" * 20_000)
    backup = made(alice, volume)
    assert (backup.status, backup.error) == ("failed", ".lightdignore is larger than 16 KiB")

    lifecycle.delete(actor(alice), str(backup.pk))

    assert not lifecycle.of_volume(actor(alice), str(volume.pk)).exists()


def test_a_program_that_went_wild_leaves_the_rest_its_backup(
    alice: User, volume: Volume, folder: Path, backup_root: Path
) -> None:
    """Folders so deep that no path to the innermost can be named, and a name that is too long for an archive."""
    nest(folder, "d" * 250, 18)
    (folder / "kept").write_text("kept")

    backup = made(alice, volume)

    assert (backup.status, backup.error) == ("good", "")
    assert "kept" in names_in(backup_root, backup)
    assert backup.operation
    backup.operation.refresh_from_db()
    assert backup.operation.result["left_out_count"] > 0
